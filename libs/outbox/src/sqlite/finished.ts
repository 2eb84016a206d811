import type { Finished } from '../store/store.js';
import type { Connection, Query } from './connection.js';
import type { Tables } from './tables.js';

/** How many outcomes are told at a time. */
const PAGE = 1_000;

/** The outcomes that are recorded, and where we stand in reading them. */
export class FinishedRecords {
  private readonly find: Query;
  private readonly findUnderWay: Query;
  private readonly findSince: Query;
  private readonly last: Query;
  private seen = 0;

  constructor(connection: Connection, { finished, message }: Tables) {
    this.find = connection.prepare(findSql(finished));
    this.findUnderWay = connection.prepare(underWaySql(message));
    this.findSince = connection.prepare(findSinceSql(finished));
    this.last = connection.prepare(`select coalesce(max(sequence), 0) as value from ${finished}`);
  }

  of(ids: readonly number[]): readonly Finished[] {
    return this.find.all([JSON.stringify(ids)]) as unknown as readonly Finished[];
  }

  /** Those whose outcome is still to come. */
  underWay(ids: readonly number[]): readonly number[] {
    return this.findUnderWay.all([JSON.stringify(ids)]).map(({ id }) => Number(id));
  }

  /** From now on only later ones are new. */
  forgetNews(): void {
    this.seen = this.last.value<number>([]);
  }

  /** The ids of messages that somebody waits for and whose outcome was recorded since it was asked last. */
  news(): readonly number[] {
    const ids: number[] = [];
    for (let page = PAGE; page === PAGE;) {
      const rows = this.findSince.all([this.seen, PAGE]);
      page = rows.length;
      this.seen = Number(rows.at(-1)?.['sequence'] ?? this.seen);
      for (const { id, wants_result } of rows) if (wants_result === 1) ids.push(Number(id));
    }
    return ids;
  }
}

const findSql = (finished: string) => `
select id, type, result from ${finished} where id in (select value from json_each(?))`;

const underWaySql = (message: string) => `
select id from ${message} where id in (select value from json_each(?))`;

const findSinceSql = (finished: string) => `
select sequence, id, wants_result from ${finished} where sequence > ? order by sequence limit ?`;

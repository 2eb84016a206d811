import type { DeadLetterReason } from '../store/dead.letter.reason.js';
import type { DeadLetter, DeadLetterQuery, DeadLetterStore } from '../store/store.js';
import type { Connection } from './connection.js';
import { DEAD_COLUMNS, NOW_MS, type Tables } from './tables.js';

/** The dead letters of a SQLite database. For people: its statements are put together when they are asked for. */
export class SqliteDeadLetters implements DeadLetterStore {
  constructor(
    private readonly tables: Tables,
    private readonly connected: () => Connection,
  ) {}

  async find(
    query: DeadLetterQuery,
    { limit, before }: { readonly limit: number; readonly before?: number },
  ): Promise<readonly DeadLetter[]> {
    const { where, values } = conditionOf(query);
    const connection = this.connected();
    const sql = findSql(this.tables, where);
    const rows = await connection.read(() => connection.ask(sql, [...values, before ?? null, limit]));
    return (rows as unknown as readonly Row[]).map(letterOf);
  }

  async count(query: DeadLetterQuery): Promise<number> {
    const { where, values } = conditionOf(query);
    const connection = this.connected();
    const sql = `select count(*) as value from ${this.tables.dead} where ${where}`;
    const [row] = await connection.read(() => connection.ask(sql, values));
    return Number(row?.['value']);
  }

  async retry(query: DeadLetterQuery): Promise<readonly number[]> {
    return this.take(query, (connection, ids) => this.revive(connection, ids));
  }

  async retryWith(id: number, payload: string): Promise<boolean> {
    const ids = await this.take({ ids: [id] }, (connection, ids) => this.revive(connection, ids, payload));
    return ids.length > 0;
  }

  async discard(query: DeadLetterQuery): Promise<readonly number[]> {
    return this.take(query, () => {});
  }

  /** With another payload, or the one they had. That they were dead is no outcome any more. */
  private revive(connection: Connection, ids: string, payload?: string): void {
    connection.ask(reviveSql(this.tables), [payload ?? null, ids]);
    connection.ask(`delete from ${this.tables.finished} where id in (select value from json_each(?))`, [ids]);
  }

  /** Removes those that match, after `use` had them. */
  private async take(
    query: DeadLetterQuery,
    use: (connection: Connection, ids: string) => void,
  ): Promise<readonly number[]> {
    const { where, values } = conditionOf(query);
    const { dead } = this.tables;
    const connection = this.connected();
    return connection.write(() => {
      const found = connection.ask(`select id from ${dead} where ${where} order by sequence`, values);
      const ids = found.map(({ id }) => Number(id));
      if (ids.length === 0) return ids;
      use(connection, JSON.stringify(ids));
      connection.ask(`delete from ${dead} where id in (select value from json_each(?))`, [JSON.stringify(ids)]);
      return ids;
    });
  }
}

interface Row {
  readonly id: number;
  readonly channel: string;
  readonly payload: string;
  readonly headers: string | null;
  readonly key: string | null;
  readonly rank: number;
  readonly attempt: number;
  readonly crashes: number;
  readonly created_at_ms: number;
  readonly dead_at_ms: number;
  readonly reason: DeadLetterReason;
  readonly history: string | null;
}

function letterOf(row: Row): DeadLetter {
  const { id, channel, payload, headers, key, rank, attempt, crashes, created_at_ms, dead_at_ms, reason, history } =
    row;
  return {
    id,
    channel,
    payload,
    headers,
    key,
    priority: rank === 0 ? 0 : -rank,
    attempt,
    crashes,
    createdAtMs: created_at_ms,
    deadAtMs: dead_at_ms,
    reason,
    history: history === null ? [] : (JSON.parse(history) as DeadLetter['history']),
  };
}

function conditionOf({ channel, ids, reason, sinceMs, untilMs }: DeadLetterQuery): {
  readonly where: string;
  readonly values: readonly unknown[];
} {
  const asked = [
    { condition: 'channel = ?', value: channel },
    { condition: 'id in (select value from json_each(?))', value: ids && JSON.stringify(ids) },
    { condition: 'reason = ?', value: reason },
    { condition: 'dead_at_ms >= ?', value: sinceMs },
    { condition: 'dead_at_ms <= ?', value: untilMs },
  ].filter(({ value }) => value !== undefined);
  return {
    where: ['true', ...asked.map(({ condition }) => condition)].join(' and '),
    values: asked.map(({ value }) => value),
  };
}

/** Where the page before ended is found by an id; when that one is dead no more, the first page is read again. */
const findSql = ({ dead }: Tables, where: string) => `
select * from ${dead}
where ${where} and sequence < coalesce((select sequence from ${dead} where id = ?), 9223372036854775807)
order by sequence desc
limit ?`;

/** As they were when they were new, but for their id, their fencing number and their history; a person wants them, so they do not expire. */
const reviveSql = ({ dead, message }: Tables) => `
insert into ${message} (${DEAD_COLUMNS}, history, is_head, ready_at_ms)
select id, channel, rank, claims, 0, 0, created_at_ms, wants_result, key, headers, coalesce(?, payload), history, key is null, ${NOW_MS}
from ${dead}
where id in (select value from json_each(?))
order by sequence`;

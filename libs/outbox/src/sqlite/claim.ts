import type { Claimed, Wanted } from '../store/store.js';
import type { Connection, Query } from './connection.js';
import { NOW_MS, type Tables } from './tables.js';

/**
 * Takes ready messages for a host. To be run inside a transaction.
 *
 * What is picked is read as one text and marked by a second statement: a row with a dozen columns costs more on its way through a driver
 * than through SQLite.
 */
export class Claim {
  private readonly pick: Query;
  private readonly pickSuspect: Query;
  private readonly mark: Query;

  constructor(connection: Connection, { message }: Tables) {
    this.pick = connection.prepare(pickSql(message));
    this.pickSuspect = connection.prepare(pickSuspectSql(message));
    this.mark = connection.prepare(markSql(message));
  }

  run(host: number, wanted: readonly Wanted[]): readonly Claimed[] {
    const claimed = wanted.flatMap(({ channel, room }) => this.from(channel, room));
    return this.marked(host, claimed);
  }

  suspect(host: number, channels: readonly string[]): Claimed | undefined {
    const picked = parsed(this.pickSuspect.value<string>([JSON.stringify(channels)]));
    return this.marked(host, picked)[0];
  }

  private from(channel: string, room: number): readonly Claimed[] {
    return room > 0 ? parsed(this.pick.value<string>([channel, room])) : [];
  }

  private marked(host: number, claimed: readonly Claimed[]): readonly Claimed[] {
    if (claimed.length > 0) this.mark.all([host, JSON.stringify(claimed.map(({ id }) => id))]);
    return claimed;
  }
}

/** As it will be once it is marked. */
const CLAIMED = `json_array(
    id, claims + 1, channel, payload, headers, key, attempt + 1, crashes, created_at_ms,
    ${NOW_MS} - ready_at_ms, expires_at_ms < ${NOW_MS}, is_suspect, wants_result
  )`;

type Picked = readonly [
  id: number,
  claim: number,
  channel: string,
  payload: string,
  headers: string | null,
  key: string | null,
  attempt: number,
  crashes: number,
  createdAtMs: number,
  waitedMs: number,
  isExpired: number | null,
  isSuspect: number,
  wantsResult: number,
];

function parsed(text: string): readonly Claimed[] {
  return (JSON.parse(text) as readonly Picked[]).map((picked) => ({
    id: picked[0],
    claim: picked[1],
    channel: picked[2],
    payload: picked[3],
    headers: picked[4],
    key: picked[5],
    attempt: picked[6],
    crashes: picked[7],
    createdAtMs: picked[8],
    waitedMs: Math.max(0, picked[9]),
    isExpired: picked[10] === 1,
    isSuspect: picked[11] === 1,
    wantsResult: picked[12] === 1,
  }));
}

export const pickSql = (message: string) => `
select json_group_array(${CLAIMED}) as value
from (
  select * from ${message} indexed by ${message}_ready
  where channel = ? and host is null and due_at_ms is null and is_head = 1 and is_suspect = 0
  order by rank, id
  limit ?
)`;

const pickSuspectSql = (message: string) => `
select json_group_array(${CLAIMED}) as value
from (
  select * from ${message} indexed by ${message}_suspect
  where channel in (select value from json_each(?))
    and is_suspect = 1 and host is null and due_at_ms is null and is_head = 1
  order by rank, id
  limit 1
)`;

const markSql = (message: string) => `
update ${message} set host = ?, claims = claims + 1, attempt = attempt + 1
where id in (select value from json_each(?))`;

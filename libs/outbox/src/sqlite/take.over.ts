import type { TakenOver } from '../store/store.js';
import type { Connection, Query } from './connection.js';
import { isGone, type ProcessMark } from './process.mark.js';
import { DEAD_COLUMNS, NOW_MS, type Tables, withFailure } from './tables.js';

/** How long it is remembered, for whoever waits for a message, that it was buried because its hosts died. */
const CRASH_RESULT_MS = 3_600_000;

/**
 * Looks after the other hosts.
 *
 * A host whose process is known to be gone is dead at once; of one that is frozen, or of which nothing can be known, the lease decides.
 * What it had claimed is made ready as suspect, or buried; all in one transaction, and whatever a host left behind that has no row any
 * more is found too.
 */
export class TakeOver {
  private readonly findOthers: Query;
  private readonly remove: Query;
  private readonly count: Query;
  private readonly findCrashed: Query;
  private readonly finish: Query;
  private readonly bury: Query;
  private readonly forget: Query;
  private readonly suspect: Query;
  private readonly countSuspects: Query;

  constructor(
    private readonly connection: Connection,
    { message, dead, finished, host }: Tables,
  ) {
    this.findOthers = connection.prepare(findOthersSql(host));
    this.remove = connection.prepare(removeSql(host));
    this.count = connection.prepare(`select count(*) as value from ${message} where host = ?`);
    this.findCrashed = connection.prepare(findCrashedSql(message, host));
    this.finish = connection.prepare(finishSql(finished, message));
    this.bury = connection.prepare(burySql(dead, message));
    this.forget = connection.prepare(`delete from ${message} where id in (select value from json_each(?))`);
    this.suspect = connection.prepare(suspectSql(message, host));
    this.countSuspects = connection.prepare(countSuspectsSql(message));
  }

  async run(own: number, channels: readonly string[], maxCrashes: number): Promise<TakenOver> {
    const gone = await this.gone(own);
    return this.connection.write(() => {
      const hosts = this.remove.all([own, JSON.stringify(gone)]).map(({ id, name }) => ({
        id: Number(id),
        name: String(name),
        claims: this.count.value<number>([Number(id)]),
      }));
      const names = JSON.stringify(Object.fromEntries(hosts.map(({ id, name }) => [id, name])));
      const buried = this.buryCrashed(maxCrashes, names);
      this.suspect.all([names, names]);
      return {
        hosts: hosts.map(({ name, claims }) => ({ name, claims })),
        buried,
        suspects: this.countSuspects.value<number>([JSON.stringify(channels)]),
      };
    });
  }

  /** The hosts of this machine whose process is no more. */
  private async gone(own: number): Promise<readonly number[]> {
    const others = await this.connection.read(() => this.findOthers.all([own]));
    const gone = await Promise.all(others.map((row) => isGone(row as unknown as ProcessMark)));
    return others.flatMap(({ id }, index) => (gone[index] === true ? [Number(id)] : []));
  }

  private buryCrashed(maxCrashes: number, names: string): TakenOver['buried'] {
    const crashed = this.findCrashed.all([maxCrashes]);
    if (crashed.length === 0) return [];
    const ids = JSON.stringify(crashed.map(({ id }) => id));
    this.finish.all([CRASH_RESULT_MS, ids]);
    this.bury.all([names, names, ids]);
    this.forget.all([ids]);
    return crashed.map(({ id, channel, crashes }) => ({
      id: Number(id),
      channel: String(channel),
      crashes: Number(crashes),
    }));
  }
}

const findOthersSql = (host: string) => `select id, machine, process, started from ${host} where id <> ?`;

const removeSql = (host: string) => `
delete from ${host}
where id <> ? and (lease_until_ms < ${NOW_MS} or id in (select value from json_each(?)))
returning id, name`;

const orphaned = (host: string) => `host is not null and host not in (select id from ${host})`;

const findCrashedSql = (message: string, host: string) => `
select id, channel, crashes + 1 as crashes from ${message} indexed by ${message}_claimed
where ${orphaned(host)} and crashes + 1 >= ?
order by id`;

/** A label of digits has to be quoted, or it is taken for the place in a list. */
const NAME = `coalesce(json_extract(?, '$."' || host || '"'), host)`;

/** Two parameters: the names of the hosts by their numbers, twice. */
const HISTORY = withFailure(`json_object(
    'attempt', attempt,
    'kind', 'host_died',
    'message', 'Host "' || ${NAME} || '" died with it.',
    'host', ${NAME}
  )`);

const finishSql = (finished: string, message: string) => `
insert into ${finished} (id, channel, type, keep_until_ms, wants_result)
select id, channel, 'dead', ${NOW_MS} + ?, wants_result from ${message}
where wants_result = 1 and id in (select value from json_each(?))`;

const burySql = (dead: string, message: string) => `
insert into ${dead} (${DEAD_COLUMNS}, dead_at_ms, reason, history)
select id, channel, rank, claims, attempt, crashes + 1, created_at_ms, wants_result, key, headers, payload, ${NOW_MS}, 'crashed', ${HISTORY}
from ${message}
where id in (select value from json_each(?))
order by id`;

const suspectSql = (message: string, host: string) => `
update ${message} indexed by ${message}_claimed set
  host = null,
  is_suspect = 1,
  crashes = crashes + 1,
  ready_at_ms = ${NOW_MS},
  history = ${HISTORY}
where ${orphaned(host)}`;

const countSuspectsSql = (message: string) => `
select count(*) as value from ${message}
where channel in (select value from json_each(?)) and is_suspect = 1 and host is null and due_at_ms is null`;

import type { NewMessage, Settlement } from '../store/store.js';
import type { Append, Run } from './append.js';
import type { Connection, Query } from './connection.js';
import { DEAD_COLUMNS, LINES, NOW_MS, type Tables, withFailure } from './tables.js';

export interface Settled {
  readonly fenced: readonly number[];
  /** Whether an outcome was recorded. */
  readonly isFinished: boolean;
}

/**
 * Writes down what became of claims. To be run inside a transaction.
 *
 * First it asks which of the claims the host does not hold any more; what follows concerns the others only and needs no more fences.
 */
export class Settle {
  private readonly findFenced: Query;
  private readonly finish: Query;
  private readonly remove: Query;
  private readonly retry: Query;
  private readonly bury: Query;
  private readonly release: Query;
  private readonly runHere: Run;

  constructor(
    connection: Connection,
    { message, dead, finished }: Tables,
    private readonly append: Append,
    run: Run,
  ) {
    this.findFenced = connection.prepare(findFencedSql(message));
    this.finish = connection.prepare(finishSql(finished, message));
    this.remove = connection.prepare(removeSql(message));
    this.retry = connection.prepare(retrySql(message));
    this.bury = connection.prepare(burySql(dead, message));
    this.release = connection.prepare(releaseSql(message));
    this.runHere = run;
  }

  run(host: number, settlements: readonly Settlement[]): Settled {
    if (settlements.length === 0) return { fenced: [], isFinished: false };
    const claims = JSON.stringify(settlements.map(({ id, claim }) => [id, claim]));
    const notHeld = JSON.parse(this.findFenced.value<string>([claims, host])) as number[];
    const { fenced, held } = parted(settlements, new Set(notHeld));
    return { fenced, isFinished: this.write(held) };
  }

  private write(held: readonly Settlement[]): boolean {
    const work: Work = { finish: [], remove: [], retry: [], bury: [], release: [], routed: [] };
    for (const settlement of held) plan(work, settlement);
    // The outcome names the channel of its message, so it is written while the message is there.
    said(this.finish, work.finish);
    said(this.retry, work.retry);
    said(this.bury, work.bury);
    said(this.release, work.release);
    said(this.remove, work.remove);
    if (work.routed.length > 0) void this.append.run(this.runHere, work.routed);
    return work.finish.length > 0;
  }
}

function said(query: Query, rows: readonly unknown[]): void {
  if (rows.length > 0) query.all([JSON.stringify(rows)]);
}

interface Work {
  readonly finish: unknown[];
  readonly remove: number[];
  readonly retry: unknown[];
  readonly bury: unknown[];
  readonly release: number[];
  readonly routed: NewMessage[];
}

/** The second settlement of one claim comes too late, like that of a claim that was taken over. */
function parted(settlements: readonly Settlement[], notHeld: Set<number>) {
  const seen = new Set<number>();
  const fenced: number[] = [];
  const held: Settlement[] = [];
  for (const settlement of settlements) {
    const { id } = settlement;
    if (notHeld.has(id) || seen.has(id)) fenced.push(id);
    else held.push(settlement);
    seen.add(id);
  }
  return { fenced, held };
}

function plan(work: Work, settlement: Settlement): void {
  const { id } = settlement;
  switch (settlement.type) {
    case 'done':
      if (settlement.keepMs > 0) work.finish.push([id, 'done', Math.ceil(settlement.keepMs), settlement.result]);
      work.routed.push(...settlement.routed);
      work.remove.push(id);
      break;
    case 'retry':
      work.retry.push([id, Math.ceil(settlement.afterMs), settlement.isCrash ? 1 : 0, settlement.failure]);
      break;
    case 'bury':
      if (settlement.keepMs > 0) work.finish.push([id, 'dead', Math.ceil(settlement.keepMs), settlement.result]);
      work.bury.push([id, settlement.reason, settlement.failure, settlement.isCrash ? 1 : 0]);
      work.remove.push(id);
      break;
    case 'release':
      work.release.push(id);
      break;
    case 'expire':
      work.remove.push(id);
  }
}

/** `cross join` says which is asked first: the few that are settled, not the many that lie there. */
const findFencedSql = (message: string) => `
select json_group_array(settled.value ->> 0) as value
from ${LINES} as settled
left join ${message} as held
  on held.id = settled.value ->> 0 and held.claims = settled.value ->> 1 and held.host = ?
where held.id is null`;

const finishSql = (finished: string, message: string) => `
insert into ${finished} (id, channel, type, keep_until_ms, wants_result, result)
select held.id, held.channel, settled.value ->> 1, ${NOW_MS} + (settled.value ->> 2), held.wants_result, settled.value ->> 3
from ${LINES} as settled
cross join ${message} as held on held.id = settled.value ->> 0`;

const removeSql = (message: string) => `
delete from ${message} where id in (select value from json_each(?))`;

const retrySql = (message: string) => `
update ${message} set
  host = null,
  is_suspect = 0,
  crashes = crashes + (settled.value ->> 2),
  due_at_ms = case when settled.value ->> 1 > 0 then ${NOW_MS} + (settled.value ->> 1) end,
  ready_at_ms = ${NOW_MS} + max(0, settled.value ->> 1),
  history = ${withFailure('settled.value -> 3')}
from ${LINES} as settled
where ${message}.id = settled.value ->> 0`;

const burySql = (dead: string, message: string) => `
insert into ${dead} (${DEAD_COLUMNS}, dead_at_ms, reason, history)
select ${DEAD_COLUMNS.replace('crashes', 'crashes + (settled.value ->> 3)')}, ${NOW_MS}, settled.value ->> 1, ${withFailure('settled.value -> 2')}
from ${LINES} as settled
cross join ${message} as held on held.id = settled.value ->> 0`;

const releaseSql = (message: string) => `
update ${message} set host = null, attempt = attempt - 1, ready_at_ms = ${NOW_MS}
where id in (select value from json_each(?))`;

import type { Pruned, Retention } from '../store/store.js';
import type { Connection, Query } from './connection.js';
import { NOW_MS, type Tables } from './tables.js';

const DAY_MS = 24 * 3_600_000;
/** How long a tick and a key of `once` are remembered: longer than anybody comes back with the same one. */
const TICK_MS = DAY_MS;
const ONCE_MS = 7 * DAY_MS;

/** Removes what has outlived its time. To be run inside a transaction; small `limit`s keep it short. */
export class Prune {
  private readonly outlived: Query;
  private readonly surplus: Query;
  private readonly deduplications: Query;
  private readonly ticks: Query;
  private readonly once: Query;

  constructor(connection: Connection, { finished, deduplication, tick, once }: Tables) {
    this.outlived = connection.prepare(outlivedSql(finished));
    this.surplus = connection.prepare(surplusSql(finished));
    this.deduplications = connection.prepare(deduplicationsSql(deduplication));
    this.ticks = connection.prepare(ticksSql(tick));
    this.once = connection.prepare(onceSql(once));
  }

  run(limit: number, { maxFinished }: Retention): Pruned {
    const outlived = this.outlived.all([limit]).length;
    const left = limit - outlived;
    const surplus = maxFinished === undefined || left === 0 ? 0 : this.surplus.all([maxFinished, left]).length;
    return {
      finished: outlived + surplus,
      deduplications: this.deduplications.all([limit]).length,
      ticks: this.ticks.all([TICK_MS, limit]).length,
      once: this.once.all([ONCE_MS, limit]).length,
    };
  }
}

const outlivedSql = (finished: string) => `
delete from ${finished} where sequence in (
  select sequence from ${finished} where keep_until_ms <= ${NOW_MS} order by keep_until_ms limit ?
)
returning sequence`;

/** Steps from channel to channel through the index, and in each from the latest to the first that is one too many. */
const surplusSql = (finished: string) => `
with recursive channels (channel) as (
  select min(channel) from ${finished}
  union all
  select (select min(channel) from ${finished} where channel > channels.channel) from channels
  where channels.channel is not null
), surplus (channel, until) as materialized (
  select channel, (
    select sequence from ${finished} where channel = channels.channel order by sequence desc limit 1 offset ?
  ) from channels where channel is not null
)
delete from ${finished} where sequence in (
  select kept.sequence from surplus cross join ${finished} as kept
  where kept.channel = surplus.channel and kept.sequence <= surplus.until
  limit ?
)
returning sequence`;

const deduplicationsSql = (deduplication: string) => `
delete from ${deduplication} where (channel, key) in (
  select channel, key from ${deduplication} where until_ms <= ${NOW_MS} order by until_ms limit ?
)
returning id`;

const ticksSql = (tick: string) => `
delete from ${tick} where (ticker, due_at_ms) in (
  select ticker, due_at_ms from ${tick} where asked_at_ms <= ${NOW_MS} - ? order by asked_at_ms limit ?
)
returning due_at_ms`;

const onceSql = (once: string) => `
delete from ${once} where key in (
  select key from ${once} where used_at_ms <= ${NOW_MS} - ? order by used_at_ms limit ?
)
returning key`;

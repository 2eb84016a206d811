import type { StoredStats } from '../store/store.js';
import type { Connection, Query } from './connection.js';
import { NOW_MS, type Tables } from './tables.js';

/** Counts what lies in each channel. Each part reads one index and no message. */
export class Stats {
  private readonly count: Query;

  constructor(connection: Connection, { message, dead }: Tables) {
    this.count = connection.prepare(countSql(message, dead));
  }

  read(): Readonly<Record<string, StoredStats>> {
    const rows = this.count.all([]) as unknown as readonly (StoredStats & { readonly channel: string })[];
    return Object.fromEntries(
      rows.map(({ channel, ready, delayed, claimed, dead, suspects, oldestReadyMs }) => [
        channel,
        { ready, delayed, claimed, dead, suspects, oldestReadyMs: Math.max(0, oldestReadyMs) },
      ]),
    );
  }
}

const countSql = (message: string, dead: string) => `
select
  channel, sum(ready) as ready, sum(delayed) as delayed, sum(claimed) as claimed, sum(dead) as dead, sum(suspects) as suspects,
  coalesce(${NOW_MS} - min(ready_at_ms), 0) as oldestReadyMs
from (
  select channel, count(*) as ready, 0 as delayed, 0 as claimed, 0 as dead, 0 as suspects, min(ready_at_ms) as ready_at_ms
    from ${message} where host is null and due_at_ms is null and is_head = 1 and is_suspect = 0 group by channel
  union all
  select channel, count(*), 0, 0, 0, 0, min(ready_at_ms)
    from ${message} where is_head = 0 and due_at_ms is null group by channel
  union all
  select channel, sum(is_head), 0, 0, 0, count(*), min(ready_at_ms)
    from ${message} where is_suspect = 1 and host is null and due_at_ms is null group by channel
  union all
  select channel, 0, count(*), 0, 0, 0, null from ${message} where due_at_ms is not null group by channel
  union all
  select channel, 0, 0, count(*), 0, 0, null from ${message} where host is not null group by channel
  union all
  select channel, 0, 0, 0, count(*), 0, null from ${dead} group by channel
)
group by channel`;

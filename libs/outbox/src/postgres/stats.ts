import type { StoredStats } from '../store/store.js';
import type { Row } from './pool.js';
import { asNumber, statement } from './statement.js';

/** Reads all that lies in the store, once. */
export const stats = statement(
  'stats',
  (schema) => `
    select channel,
      count(*) filter (where host is null and due_at is null) as ready,
      count(*) filter (where host is null and due_at is not null) as delayed,
      count(*) filter (where host is not null) as claimed,
      count(*) filter (where host is null and is_suspect) as suspects,
      greatest(0, date_part('epoch', statement_timestamp()
        - min(ready_at) filter (where host is null and due_at is null)) * 1000) as oldest,
      0 as dead
    from ${schema}.message group by channel
    union all
    select channel, 0, 0, 0, 0, null, count(*) from ${schema}.dead group by channel`,
);

export function statsOf(rows: readonly Row[]): Readonly<Record<string, StoredStats>> {
  const channels: Record<string, StoredStats> = {};
  for (const row of rows) {
    const {
      ready = 0,
      delayed = 0,
      claimed = 0,
      dead = 0,
      suspects = 0,
      oldestReadyMs = 0,
    } = channels[String(row.channel)] ?? {};
    channels[String(row.channel)] = {
      ready: ready + asNumber(row.ready),
      delayed: delayed + asNumber(row.delayed),
      claimed: claimed + asNumber(row.claimed),
      dead: dead + asNumber(row.dead),
      suspects: suspects + asNumber(row.suspects),
      oldestReadyMs: Math.max(oldestReadyMs, asNumber(row.oldest ?? 0)),
    };
  }
  return channels;
}

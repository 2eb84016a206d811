import type { Promoted } from '../store/store.js';
import type { Connection, Query } from './connection.js';
import { NOW_MS, type Tables } from './tables.js';

/** How many are made ready at a time, so that a great many that fall due together do not hold the event loop. */
const MOST = 10_000;

/** Makes ready what is due. To be run inside a transaction. When there is more of it, the next one is due in no time. */
export class Promote {
  private readonly promote: Query;
  private readonly next: Query;

  constructor(connection: Connection, { message }: Tables) {
    this.promote = connection.prepare(promoteSql(message));
    this.next = connection.prepare(nextSql(message));
  }

  run(channels: readonly string[]): Promoted {
    const names = JSON.stringify(channels);
    const count = this.promote.all([names, MOST]).length;
    const nextDueMs = this.next.value<number | null>([names]);
    return { count, nextDueMs: nextDueMs === null ? undefined : Math.max(0, nextDueMs) };
  }
}

const promoteSql = (message: string) => `
update ${message} set due_at_ms = null
where id in (
  select due.id from json_each(?) as names
  cross join ${message} as due
  where due.channel = names.value and due.due_at_ms <= ${NOW_MS}
  limit ?
)
returning id`;

const nextSql = (message: string) => `
select min(next.due_at_ms) - ${NOW_MS} as value
from (
  select (select min(due_at_ms) from ${message} where channel = names.value and due_at_ms is not null) as due_at_ms
  from json_each(?) as names
) as next`;

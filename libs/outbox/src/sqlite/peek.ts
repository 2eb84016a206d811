import type { StoredMessage } from '../store/store.js';
import type { Connection, Query } from './connection.js';
import { NOW_MS, type Tables } from './tables.js';

/** Looks at what is ready: what would be claimed first, in that order, and then what waits behind others of its key. */
export class Peek {
  private readonly pick: Query;

  constructor(connection: Connection, { message }: Tables) {
    this.pick = connection.prepare(peekSql(message));
  }

  run(channel: string, limit: number): readonly StoredMessage[] {
    return this.pick
      .all([channel, limit, channel, limit, limit])
      .map(({ id, payload, headers, key, attempt, waited_ms }) => ({
        id: Number(id),
        payload: String(payload),
        headers: textOf(headers),
        key: textOf(key),
        attempt: Number(attempt),
        waitedMs: Math.max(0, Number(waited_ms)),
      }));
  }
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

const SHOWN = `id, payload, headers, key, attempt, ${NOW_MS} - ready_at_ms as waited_ms`;

const peekSql = (message: string) => `
select * from (
  select ${SHOWN} from ${message} indexed by ${message}_ready
  where channel = ? and host is null and due_at_ms is null and is_head = 1 and is_suspect = 0
  order by rank, id
  limit ?
)
union all
select * from (
  select ${SHOWN} from ${message} indexed by ${message}_behind
  where channel = ? and is_head = 0 and due_at_ms is null and is_suspect = 0
  order by key, id
  limit ?
)
limit ?`;

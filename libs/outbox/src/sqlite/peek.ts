import type { StoredMessage } from '../store/store.js';
import type { Connection, Query } from './connection.js';
import { NOW_MS, type Tables } from './tables.js';

/** Looks at what is ready, in the order in which it would be claimed. */
export class Peek {
  private readonly pick: Query;

  constructor(connection: Connection, { message }: Tables) {
    this.pick = connection.prepare(peekSql(message));
  }

  run(channel: string, limit: number): readonly StoredMessage[] {
    return this.pick.all([channel, limit]).map(({ id, payload, headers, key, attempt, waited_ms }) => ({
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

const peekSql = (message: string) => `
select id, payload, headers, key, attempt, ${NOW_MS} - ready_at_ms as waited_ms
from ${message} indexed by ${message}_ready
where channel = ? and host is null and due_at_ms is null and is_head = 1 and is_suspect = 0
order by rank, id
limit ?`;

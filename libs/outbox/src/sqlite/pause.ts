import type { PausedChannel } from '../store/store.js';
import type { Connection, Query } from './connection.js';
import { NOW_MS, type Tables } from './tables.js';

/** The table of the second migration: a row for each channel that no host is to claim from. */
export function makePauseTable({ pause }: Tables): string {
  return `
create table ${pause} (
  channel text primary key,
  since_ms integer not null,
  actor text
) without rowid;
`;
}

/** Which channels are paused. To be run inside a transaction. */
export class Pauses {
  private readonly note: Query;
  private readonly strike: Query;
  private readonly list: Query;

  constructor(connection: Connection, { pause }: Tables) {
    this.note = connection.prepare(noteSql(pause));
    this.strike = connection.prepare(`delete from ${pause} where channel = ? returning channel`);
    this.list = connection.prepare(`select channel, since_ms, actor from ${pause} order by channel`);
  }

  pause(channel: string, by: string | null): boolean {
    return this.note.all([channel, by]).length > 0;
  }

  resume(channel: string): boolean {
    return this.strike.all([channel]).length > 0;
  }

  all(): readonly PausedChannel[] {
    return this.list.all([]).map(({ channel, since_ms, actor }) => ({
      channel: String(channel),
      sinceMs: Number(since_ms),
      by: typeof actor === 'string' ? actor : null,
    }));
  }
}

const noteSql = (pause: string) => `
insert into ${pause} (channel, since_ms, actor) values (?, ${NOW_MS}, ?)
on conflict do nothing
returning channel`;

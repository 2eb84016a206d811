import { NOW_MS } from './tables.js';

/** Records that a due time of a ticker was asked for; a row for the first who does. */
export const tickSql = (tick: string) => `
insert into ${tick} (ticker, due_at_ms, asked_at_ms) values (?, ?, ${NOW_MS})
on conflict do nothing
returning ticker`;

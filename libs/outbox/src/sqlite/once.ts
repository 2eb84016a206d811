import type { Transaction } from '../store/store.js';
import { NOW_MS, type Tables } from './tables.js';

/** Records the use of a key in the caller's transaction; true for the first use. */
export function once({ once }: Tables, key: string, within: Transaction): boolean | Promise<boolean> {
  const rows = within.run(firstUseSql(once), [key]);
  return rows instanceof Promise ? rows.then(({ length }) => length > 0) : rows.length > 0;
}

export const firstUseSql = (once: string) => `
insert into ${once} (key, used_at_ms) values (?, ${NOW_MS})
on conflict do nothing
returning key`;

import type { Transaction } from '../store/store.js';
import { NOW_MS, type Tables } from './tables.js';

/** Records the use of a key in the caller's transaction; true for the first use. */
export async function once({ once }: Tables, key: string, within: Transaction): Promise<boolean> {
  const rows = await within.run(firstUseSql(once), [key]);
  return rows.length > 0;
}

export const firstUseSql = (once: string) => `
insert into ${once} (key, used_at_ms) values (?, ${NOW_MS})
on conflict do nothing
returning key`;

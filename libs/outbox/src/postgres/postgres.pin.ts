import type { Transaction } from '../store/store.js';

/** What no two transactions have in common: a connection has one at a time, and each begins at a time of its own. */
export const PIN = `pg_backend_pid() || ' ' || (date_part('epoch', transaction_timestamp()) * 1000000)::bigint`;

const ASKED = `select ${PIN} as pin`;

/**
 * The transaction that is open now, for who has to wait for something before he writes: what is appended in what this resolves with lies in
 * this transaction or nowhere. A connection takes its statements in line, so what was told to an open transaction may come when that is over,
 * and would be committed by itself.
 *
 * @throws (rejects) what the database says
 */
export async function pinned(within: Transaction): Promise<Transaction> {
  const [row] = await within.run(ASKED, []);
  const { dialect, committed } = within;
  return { dialect, run: (sql, parameters) => within.run(sql, parameters), committed, pin: String(row?.['pin']) };
}

import { TransactionInvalidError } from '../outbox.errors.js';
import { handleOf, type SqliteDatabase } from '../sqlite/handle.js';
import { fromSqlite } from '../sqlite/sqlite.transaction.js';
import { can, type Library } from './library.js';

/**
 * A database handle of better-sqlite3, libsql or node:sqlite. It is synchronous: the statement has run when `run` returns, so it may be
 * used inside `database.transaction(() => { ... })`.
 */
export const sqlite: Library = {
  accepted: 'a database handle of better-sqlite3, libsql or node:sqlite inside a transaction',
  read: (handle) => {
    if (!isDatabase(handle)) return undefined;
    if (!handleOf(handle).isInTransaction) {
      throw new TransactionInvalidError(
        'an SQLite database on which no transaction is open',
        'Begin one before, with database.exec("begin") or database.transaction(...). If you did: it was over before the message came to be written, as happens when something is awaited inside a synchronous transaction.',
      );
    }
    return fromSqlite(handle);
  },
};

export function isDatabase(handle: unknown): handle is SqliteDatabase {
  if (!can(handle, 'prepare', 'exec')) return false;
  const { inTransaction, isTransaction, isInTransaction } = handle as Record<string, unknown>;
  return [inTransaction, isTransaction, isInTransaction].some((one) => typeof one === 'boolean');
}

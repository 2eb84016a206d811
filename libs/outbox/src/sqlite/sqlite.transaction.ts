import type { Rows, Transaction } from '../store/store.js';
import { handleOf, type SqliteDatabase, type SqliteHandle, type SqliteStatement } from './handle.js';
import { NotInTransactionError, TransactionForeignError } from './sqlite.errors.js';
import { Hold } from './sqlite.hold.js';

/**
 * The transaction that is open on `database`, for `append` and `once`. Any connection to the database that holds the tables will do.
 *
 * Promises: refuses a handle on which no transaction is open, now and each time it is used; so nothing is committed that was to be taken
 * back.
 *
 * @throws NotInTransactionError, HandleUnknownError
 */
export function fromSqlite(database: SqliteDatabase): Transaction {
  const handle = handleOf(database);
  assertInTransaction(handle);
  return {
    dialect: SQLITE,
    run: (sql, parameters): Rows => {
      assertInTransaction(handle);
      return prepared(handle, sql).all(parameters);
    },
    hold: () => {
      assertInTransaction(handle);
      const hold = Hold.on(handle);
      return () => hold.letGo();
    },
  };
}

/** @throws TransactionForeignError */
export function assertSqlite({ dialect }: Transaction): void {
  if (dialect !== SQLITE) throw new TransactionForeignError(dialect);
}

const SQLITE = 'sqlite';

const statements = new WeakMap<SqliteHandle, Map<string, SqliteStatement>>();

function prepared(handle: SqliteHandle, sql: string): SqliteStatement {
  const known = statements.get(handle) ?? new Map<string, SqliteStatement>();
  statements.set(handle, known);
  const statement = known.get(sql) ?? handle.prepare(sql);
  known.set(sql, statement);
  return statement;
}

function assertInTransaction(handle: SqliteHandle): void {
  if (!handle.isInTransaction) throw new NotInTransactionError();
}

// The shop window of @nestjs-workers/outbox/sqlite.

export { sqliteStore } from './sqlite.store.js';
export type { LentDatabase, OwnFile, SqliteStoreOptions, SqliteStoreSettings } from './sqlite.options.js';
export { fromSqlite } from './sqlite.transaction.js';
export type {
  BetterSqliteDatabase,
  NodeSqliteDatabase,
  SqliteDatabase,
  SqliteHandle,
  SqliteStatement,
} from './handle.js';
export type { SqliteDriver } from './drivers.js';
export {
  DriverNotInstalledError,
  HandleUnknownError,
  NotInTransactionError,
  SeatLostError,
  TransactionForeignError,
} from './sqlite.errors.js';

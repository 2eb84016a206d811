import type { SqliteDriver } from './drivers.js';
import type { SqliteDatabase } from './handle.js';

export type SqliteStoreOptions = SqliteStoreSettings & (LentDatabase | OwnFile);

export interface SqliteStoreSettings {
  /**
   * What the names of the tables begin with.
   * @default 'nestjs_workers_'
   */
  readonly prefix?: string;
  /**
   * Whether a commit waits for the disk. With `normal` the last commits can be lost when the power fails, not when the process dies.
   * @default 'full'
   */
  readonly synchronous?: 'full' | 'normal';
  /**
   * How long a verb waits while others write, or while a transaction of yours is open on a lent handle, in milliseconds; then it fails
   * with StoreUnreachableError.
   * @default 10000
   */
  readonly busyTimeoutMs?: number;
}

/** An open handle of better-sqlite3, libsql or node:sqlite; it stays open. */
export interface LentDatabase {
  readonly database: SqliteDatabase;
  readonly file?: undefined;
  readonly driver?: undefined;
}

/** A file that the store opens and closes itself. */
export interface OwnFile {
  readonly database?: undefined;
  readonly file: string;
  /**
   * The first of node:sqlite, libsql and better-sqlite3 that is there, by default. Where the application opens the same file itself, it has
   * to be the driver that it uses: two copies of SQLite in one process take each other's locks away, and the file is damaged.
   */
  readonly driver?: SqliteDriver;
}

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
  /** The first of node:sqlite, libsql and better-sqlite3 that is there, by default. */
  readonly driver?: SqliteDriver;
}

import type { Rows } from '../store/store.js';
import { HandleUnknownError } from './sqlite.errors.js';

/**
 * One connection to a SQLite database, as far as this store needs it. better-sqlite3, libsql and node:sqlite are told apart by what they
 * can do, in `handleOf`; another driver can implement this itself.
 */
export interface SqliteHandle {
  /** Whether a transaction is open on this connection, whoever began it. */
  readonly isInTransaction: boolean;
  /** Runs one or more statements without parameters. */
  exec(sql: string): void;
  prepare(sql: string): SqliteStatement;
  close(): void;
}

export interface SqliteStatement {
  /** Runs it to its end and returns its rows; none for a statement that returns none. Whole numbers are numbers, not BigInt. */
  all(parameters: readonly unknown[]): Rows;
  /** The same for a statement that returns one row or none: most drivers are twice as fast to say so. */
  get(parameters: readonly unknown[]): Row | undefined;
}

type Row = Rows[number];

/** A `Database` of better-sqlite3 or of libsql. */
export interface BetterSqliteDatabase {
  readonly inTransaction: boolean;
  prepare(sql: string): unknown;
  exec(sql: string): unknown;
  pragma(source: string): unknown;
  close(): unknown;
}

/** A `DatabaseSync` of node:sqlite. */
export interface NodeSqliteDatabase {
  readonly isTransaction: boolean;
  prepare(sql: string): unknown;
  exec(sql: string): unknown;
  close(): unknown;
}

export type SqliteDatabase = SqliteHandle | BetterSqliteDatabase | NodeSqliteDatabase;

const known = new WeakMap<object, SqliteHandle>();

/**
 * The handle behind whatever a user has; the same one for the same database, so that its statements are prepared once.
 *
 * @throws HandleUnknownError
 */
export function handleOf(database: SqliteDatabase): SqliteHandle {
  if (!isObject(database)) throw new HandleUnknownError(typeof database);
  const handle = known.get(database) ?? recognized(database);
  known.set(database, handle);
  return handle;
}

function isObject(given: unknown): given is object {
  return typeof given === 'object' && given !== null;
}

function recognized(database: SqliteDatabase): SqliteHandle {
  if (typeof database.prepare !== 'function' || typeof database.exec !== 'function')
    throw new HandleUnknownError(typeof database);
  if ('isInTransaction' in database) return database;
  if ('inTransaction' in database) return new BetterSqliteHandle(database);
  if ('isTransaction' in database) return new NodeSqliteHandle(database);
  throw new HandleUnknownError(typeof database);
}

interface BetterSqliteStatement {
  readonly reader: boolean;
  safeIntegers?(isSafe: boolean): unknown;
  all(parameters: readonly unknown[]): Rows;
  get(parameters: readonly unknown[]): Row | undefined;
  run(parameters: readonly unknown[]): unknown;
}

class BetterSqliteHandle implements SqliteHandle {
  constructor(private readonly database: BetterSqliteDatabase) {}

  get isInTransaction(): boolean {
    return this.database.inTransaction;
  }

  exec(sql: string): void {
    this.database.exec(sql);
  }

  prepare(sql: string): SqliteStatement {
    const statement = this.database.prepare(sql) as BetterSqliteStatement;
    // A statement that is no reader refuses `all`, and one that is refuses `safeIntegers` when it cannot.
    if (!statement.reader)
      return {
        all: (parameters) => (statement.run(parameters), NO_ROWS),
        get: (parameters) => void statement.run(parameters),
      };
    statement.safeIntegers?.(false);
    return statement;
  }

  close(): void {
    this.database.close();
  }
}

interface NodeSqliteStatement {
  setReadBigInts(isBig: boolean): void;
  setReturnArrays?(isArray: boolean): void;
  all(...parameters: readonly unknown[]): Rows;
  get(...parameters: readonly unknown[]): Row | undefined;
}

class NodeSqliteHandle implements SqliteHandle {
  constructor(private readonly database: NodeSqliteDatabase) {}

  get isInTransaction(): boolean {
    return this.database.isTransaction;
  }

  exec(sql: string): void {
    this.database.exec(sql);
  }

  prepare(sql: string): SqliteStatement {
    const statement = this.database.prepare(sql) as NodeSqliteStatement;
    statement.setReadBigInts(false);
    statement.setReturnArrays?.(false);
    return {
      all: (parameters) => statement.all(...parameters),
      get: (parameters) => statement.get(...parameters),
    };
  }

  close(): void {
    this.database.close();
  }
}

const NO_ROWS: Rows = [];

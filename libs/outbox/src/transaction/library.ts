import type { Rows } from '../store/store.js';

/**
 * What is known of one data library: how its transactions are told from everything else, and how a statement is run in one.
 *
 * Libraries are recognized by what their objects can do; none is imported, so none need be installed. A value is only asked for by name
 * and never with `in`: some are proxies that answer nothing else.
 */
export interface Library {
  /** What it calls a transaction: a part of the list in an error. */
  readonly accepted: string;
  /**
   * The transaction behind `handle`, or undefined when it is of another library.
   *
   * @param read reads what this library has got from another one
   * @throws TransactionInvalidError when it is of this library and not in a transaction
   */
  read(handle: object, read: Reader): LibraryTransaction | undefined;
}

export type Reader = (handle: object) => LibraryTransaction;

/** A transaction of the user's. Refuses when it is over, where that can be told. */
export interface LibraryTransaction {
  /** `postgres`, `sqlite`, or another one that no store is for; undefined where it cannot be told. */
  readonly dialect: string | undefined;
  /** Takes the placeholders of the database: `$1` for PostgreSQL, `?` for SQLite. */
  run(sql: string, parameters: readonly unknown[]): Rows | Promise<Rows>;
  /** See `Transaction`. */
  readonly committed?: Promise<unknown> | undefined;
  /** See `Transaction`. Left out where a handle is of one transaction, or its `committed` is. */
  readonly hold?: (() => () => boolean) | undefined;
}

/** Whether `value` has all of these methods. */
export function can<M extends string>(
  value: unknown,
  ...methods: readonly M[]
): value is Record<M, (...args: never) => unknown> {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false;
  return methods.every((method) => typeof (value as Record<string, unknown>)[method] === 'function');
}

/** The store that a database goes with, from the name that a library has for it. */
export function dialectOf(name: unknown): string | undefined {
  if (typeof name !== 'string') return undefined;
  const known = Object.entries(DIALECTS).find(([, names]) => names.test(name));
  return known?.[0] ?? name;
}

const DIALECTS = {
  postgres: /postgres|cockroach|redshift|^pg/i,
  sqlite: /sqlite|libsql|sqljs|^(expo|cordova|capacitor|react-native|nativescript)$/i,
} as const;

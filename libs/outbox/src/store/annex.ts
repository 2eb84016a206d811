import type { Appended, Migrations, NewMessage, Rows, Transaction } from './store.js';

/** One change of tables. What was published is never changed again, only added to. */
export interface Change {
  readonly name: string;
  /**
   * The number that a library must know at least to go on with the tables once this is applied; recorded with it. Left out for a change that
   * only adds: every older library goes on. A change that takes something away which the one before it no longer uses needs that one.
   */
  readonly needs?: number;
  /** Its SQL. @param namespace what the store's annex calls so */
  readonly sql: (namespace: string) => string;
}

/** The changes of one package's tables, in the order of their numbers, which begin at 1. */
export interface Ledger {
  /** The table in which it is recorded what was applied, without the namespace. */
  readonly table: string;
  readonly changes: readonly Change[];
  /** The package that brings them; stands in errors. */
  readonly owner: string;
}

/**
 * Room for the tables of another package beside those of the store, so that what it writes and the messages it puts are one commit.
 *
 * Promises: its changes are recorded apart from the store's own; nothing of the store's is changed by them.
 */
export interface Annex {
  /**
   * What stands before the name of each table: a quoted schema in PostgreSQL (`${namespace}.workflow_event`), the prefix in SQLite
   * (`${namespace}workflow_event`), nothing in memory.
   */
  readonly namespace: string;
  readonly migrations: Migrations;
  /**
   * Makes the tables usable; the store itself is open already. With `migrate` it brings them up to date; without, it only looks.
   *
   * @throws StoreOutdatedError, StoreTooNewError, StoreUnreachableError
   */
  open(options: { readonly migrate: boolean }): Promise<void>;
  /**
   * Runs one statement, which is a transaction by itself, prepared once for each connection: so the texts must be few.
   *
   * @throws StoreUnreachableError, or what the database said
   */
  run(sql: string, parameters: readonly unknown[]): Promise<Rows>;
  /** How many transactions can be open at a time, as connections of a pool. Left out where that is no question. */
  connections?(): Promise<number>;
  /**
   * How these messages are appended by a statement of the package itself, which saves the round trips of a transaction. Undefined where that
   * cannot be: then a transaction's `append` does it.
   */
  appending?(messages: readonly NewMessage[]): AppendingPart | undefined;
}

/** Appends messages as a part of another statement. Its text is the same for all messages. */
export interface AppendingPart {
  /**
   * What writes, to stand in a `with`.
   *
   * @param parameter such as `$7`; `value` is given for it
   * @param condition nothing is appended where it does not hold
   */
  readonly sql: (parameter: string, condition: string) => string;
  readonly value: unknown;
}

/** One transaction of the store's own. It is over with the work that it was given to; what comes later is refused. */
export interface OwnTransaction extends Transaction {
  /** Writes messages in this transaction. A promise only where `run` gives one, or in memory, where another transaction has to end first. */
  append(messages: readonly NewMessage[]): readonly Appended[] | Promise<readonly Appended[]>;
  /** True when `key` is new: the inbox, as the store's own `once`. */
  once(key: string): boolean | Promise<boolean>;
  /** Nothing of it is to be written, though `work` returns: what it returns is an answer, not a fault. */
  takeBack(): void;
  /** Resolves after the commit; never settles when there was none. */
  readonly committed: Promise<unknown>;
}

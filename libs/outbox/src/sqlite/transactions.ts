import type { OwnTransaction } from '../store/annex.js';
import type { Appended, NewMessage, Rows } from '../store/store.js';
import { TransactionOverError, WorkAsynchronousError } from '../store/store.errors.js';
import type { Append } from './append.js';
import type { Connection } from './connection.js';
import { firstUseSql } from './once.js';
import { faultOf } from './sqlite.fault.js';
import type { Tables } from './tables.js';

/** How many works share a commit at most: each holds the event loop until all are done. */
const MOST_WORKS = 200;

interface Waiting {
  readonly work: (transaction: OwnTransaction) => unknown;
  readonly resolve: (result: never) => void;
  readonly reject: (reason: unknown) => void;
}

type Outcome = { readonly transaction: SqliteTransaction } & (
  { readonly type: 'done'; readonly result: unknown } | { readonly type: 'failed'; readonly error: unknown }
);

/**
 * Transactions for packages that stand on this store. Those of one turn of the event loop share one commit, each within a savepoint.
 *
 * Promises: what one work throws takes back what it wrote and harms no other; each hears of its end when it is on the disk.
 */
export class Transactions {
  private waiting: Waiting[] = [];
  private isWriting = false;

  constructor(
    private readonly connection: Connection,
    private readonly appending: Append,
    private readonly runHere: SynchronousRun,
    private readonly tables: Tables,
  ) {}

  run<T>(work: (transaction: OwnTransaction) => T | Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ work, resolve, reject });
      if (this.isWriting) return;
      this.isWriting = true;
      setImmediate(() => void this.writeAll());
    });
  }

  private async writeAll(): Promise<void> {
    while (this.waiting.length > 0) {
      const group = this.waiting.splice(0, MOST_WORKS);
      try {
        const outcomes = await this.connection.write(() => group.map(({ work }) => this.one(work)));
        for (const [at, outcome] of outcomes.entries()) tell(group[at] as Waiting, outcome);
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
      await new Promise<void>((next) => void setImmediate(next));
    }
    this.isWriting = false;
  }

  /** @throws what takes the whole commit back: a database that is busy, full or gone */
  private one(work: Waiting['work']): Outcome {
    const transaction = new SqliteTransaction(this.runHere, this.appending, this.tables);
    this.runHere('savepoint own', []);
    try {
      const result = work(transaction);
      if (isPromise(result)) throw refused(result);
      transaction.end();
      if (transaction.isTakenBack) this.runHere('rollback to own', []);
      this.runHere('release own', []);
      return { type: 'done', transaction, result };
    } catch (error) {
      transaction.close();
      if (faultOf(error) !== 'mistake') throw error;
      this.runHere('rollback to own', []);
      this.runHere('release own', []);
      return { type: 'failed', transaction, error };
    }
  }
}

export type SynchronousRun = (sql: string, parameters: readonly unknown[]) => Rows;

/** States: open, over. */
class SqliteTransaction implements OwnTransaction {
  readonly dialect = 'sqlite';
  readonly committed: Promise<unknown>;
  tellCommitted: () => void = () => {};
  private failure: { readonly error: unknown } | undefined;
  private isOver = false;
  isTakenBack = false;

  constructor(
    private readonly runHere: SynchronousRun,
    private readonly appending: Append,
    private readonly tables: Tables,
  ) {
    this.committed = new Promise<void>((resolve) => (this.tellCommitted = resolve));
  }

  run(sql: string, parameters: readonly unknown[]): Rows {
    if (this.isOver) throw new TransactionOverError(this.dialect);
    try {
      return this.runHere(sql, parameters);
    } catch (error) {
      this.failure ??= { error };
      throw error;
    }
  }

  append(messages: readonly NewMessage[]): readonly Appended[] {
    // A synchronous handle answers at once.
    return this.appending.run((sql, parameters) => this.run(sql, parameters), messages) as readonly Appended[];
  }

  once(key: string): boolean {
    return this.run(firstUseSql(this.tables.once), [key]).length > 0;
  }

  takeBack(): void {
    this.isTakenBack = true;
  }

  close(): void {
    this.isOver = true;
  }

  /** @throws what a statement failed with, though `work` has caught it */
  end(): void {
    this.close();
    if (this.failure !== undefined) throw this.failure.error;
  }
}

function tell({ resolve, reject }: Waiting, outcome: Outcome): void {
  if (outcome.type === 'failed') return reject(outcome.error);
  if (!outcome.transaction.isTakenBack) outcome.transaction.tellCommitted();
  resolve(outcome.result as never);
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** What it goes on to do fails, and nobody waits for it. */
function refused(work: PromiseLike<unknown>): Error {
  work.then(undefined, () => {});
  return new WorkAsynchronousError('sqlite');
}

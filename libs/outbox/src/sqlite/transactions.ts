import type { OwnTransaction } from '../store/annex.js';
import type { Appended, NewMessage, Rows } from '../store/store.js';
import { TransactionOverError, WorkAsynchronousError } from '../store/store.errors.js';
import type { Append } from './append.js';
import type { Connection } from './connection.js';
import { Gathering, type Share } from './gathering.js';
import { firstUseSql } from './once.js';
import { faultOf } from './sqlite.fault.js';
import type { Tables } from './tables.js';

/** How many works share a commit at most: each holds the event loop until all are done. */
const MOST_WORKS = 200;

type Work = (transaction: OwnTransaction) => unknown;

/**
 * Transactions for packages that stand on this store. Those of one turn of the event loop share one commit, each within a savepoint.
 *
 * Promises: what one work throws takes back what it wrote and harms no other; each hears of its end when it is on the disk.
 */
export class Transactions {
  private readonly gathering: Gathering<Work, unknown>;

  constructor(
    connection: Connection,
    private readonly appending: Append,
    private readonly runHere: SynchronousRun,
    private readonly tables: Tables,
  ) {
    this.gathering = new Gathering(
      async (works) => {
        const ends = await connection.write(() => works.map((work) => this.one(work)));
        for (const { transaction, share } of ends) if (share.type === 'done') transaction.tell();
        return ends.map(({ share }) => share);
      },
      ({ length }) => Math.min(length, MOST_WORKS),
    );
  }

  run<T>(work: (transaction: OwnTransaction) => T | Promise<T>): Promise<T> {
    return this.gathering.join(work) as Promise<T>;
  }

  /** @throws what takes the whole commit back: a database that is busy, full or gone */
  private one(work: Work): { readonly transaction: SqliteTransaction; readonly share: Share<unknown> } {
    const transaction = new SqliteTransaction(this.runHere, this.appending, this.tables);
    this.runHere('savepoint own', []);
    try {
      const result = work(transaction);
      if (isPromise(result)) throw refused(result);
      if (transaction.end() === 'taken back') this.runHere('rollback to own', []);
      this.runHere('release own', []);
      return { transaction, share: { type: 'done', result } };
    } catch (error) {
      transaction.close();
      if (faultOf(error) !== 'mistake') throw error;
      this.runHere('rollback to own', []);
      this.runHere('release own', []);
      return { transaction, share: { type: 'failed', error } };
    }
  }
}

export type SynchronousRun = (sql: string, parameters: readonly unknown[]) => Rows;

/** States: open, over. Over, it says how it ends: what was written is kept or taken back. */
class SqliteTransaction implements OwnTransaction {
  readonly dialect = 'sqlite';
  readonly committed: Promise<unknown>;
  private tellCommitted: () => void = () => {};
  private failure: { readonly error: unknown } | undefined;
  private state: 'open' | 'over' = 'open';
  private ending: 'kept' | 'taken back' = 'kept';

  constructor(
    private readonly runHere: SynchronousRun,
    private readonly appending: Append,
    private readonly tables: Tables,
  ) {
    this.committed = new Promise<void>((resolve) => (this.tellCommitted = resolve));
  }

  run(sql: string, parameters: readonly unknown[]): Rows {
    if (this.state === 'over') throw new TransactionOverError(this.dialect);
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
    this.ending = 'taken back';
  }

  close(): void {
    this.state = 'over';
  }

  /** @throws what a statement failed with, though `work` has caught it */
  end(): 'kept' | 'taken back' {
    this.close();
    if (this.failure !== undefined) throw this.failure.error;
    return this.ending;
  }

  /** After the commit. */
  tell(): void {
    if (this.ending === 'kept') this.tellCommitted();
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** What it goes on to do fails, and nobody waits for it. */
function refused(work: PromiseLike<unknown>): Error {
  work.then(undefined, () => {});
  return new WorkAsynchronousError('sqlite');
}

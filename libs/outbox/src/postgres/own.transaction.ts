import type { OwnTransaction } from '../store/annex.js';
import type { Appended, NewMessage, Rows, Transaction } from '../store/store.js';
import { TransactionOverError } from '../store/store.errors.js';
import { once } from './once.js';

/**
 * A transaction that the store lends to a package that stands on it.
 *
 * States: open, over. Its connection is somebody else's when it is over, so whatever comes late is refused.
 */
export class PostgresTransaction implements OwnTransaction {
  readonly dialect = 'postgres';
  readonly committed: Promise<unknown>;
  private tell: () => void = () => {};
  private readonly runs: Promise<unknown>[] = [];
  private isOver = false;
  isTakenBack = false;

  constructor(
    private readonly query: Transaction['run'],
    private readonly schema: string,
    private readonly appendWithin: (
      messages: readonly NewMessage[],
      within: Transaction,
    ) => Promise<readonly Appended[]>,
  ) {
    this.committed = new Promise<void>((resolve) => (this.tell = resolve));
  }

  run(sql: string, parameters: readonly unknown[]): Promise<Rows> {
    if (this.isOver) return Promise.reject(new TransactionOverError(this.dialect));
    const run = Promise.resolve(this.query(sql, parameters));
    // Who does not wait for it hears of it by `end`.
    run.catch(() => {});
    this.runs.push(run);
    return run;
  }

  append(messages: readonly NewMessage[]): Promise<readonly Appended[]> {
    return this.appendWithin(messages, this);
  }

  async once(key: string): Promise<boolean> {
    return (await this.run(once.text(this.schema), [key])).length > 0;
  }

  takeBack(): void {
    this.isTakenBack = true;
  }

  /**
   * Nothing is run any more. Waits for what nobody waited for.
   *
   * @throws (rejects) what a statement failed with: the server would answer the commit by taking all of it back, without an error
   */
  async end(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.runs);
  }

  /** So that who waits for the commit hears of it. */
  wasCommitted(): void {
    this.tell();
  }
}

/** Lends it until `work` is over; what `work` threw says more than the statement that made it so. */
export async function lend<T>(
  transaction: PostgresTransaction,
  work: (transaction: OwnTransaction) => T | Promise<T>,
): Promise<T> {
  let result: T;
  try {
    result = await work(transaction);
  } catch (error) {
    await transaction.end().catch(() => {});
    throw error;
  }
  await transaction.end();
  return result;
}

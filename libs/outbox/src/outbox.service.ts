import { type ChannelDeclaration, type Headers } from '@nestjs-workers/core';
import type { Sending } from '@nestjs-workers/core/extension';
import type { OutboxPremises } from './far/premises.js';
import { TransactionInvalidError } from './outbox.errors.js';
import type { NewMessage, Transaction } from './store/store.js';
import { pinOf, transactionOf } from './transaction/transaction.js';

/** What `Outbox.add` takes beside the payload. */
export interface AddOptions extends Sending {
  /** Rides along; trace headers belong here. */
  readonly headers?: Headers;
}

/** What became of an `add`. */
export interface Added {
  readonly id: string;
  /** A message with the same `deduplicate.key` is there already, and nothing was written; `id` is that one's. */
  readonly isDuplicate: boolean;
}

/**
 * Writes messages in the user's own transaction: they are there when it commits and were never there when it rolls back.
 *
 * A transaction is what the data library hands out: a `pg` client after BEGIN, a better-sqlite3-like handle inside one, a Kysely, Drizzle,
 * Knex or Prisma transaction, a TypeORM `EntityManager` or `QueryRunner`, or the transaction host of @nestjs-cls/transactional.
 *
 * Inside a thread or a child process it is the same, in a transaction of there; only that it always has to wait for the application first.
 */
export class Outbox {
  constructor(private readonly premises: OutboxPremises) {}

  /**
   * Adds one message.
   *
   * When the transaction commits, a worker here starts within a few milliseconds, one elsewhere within the poll interval.
   *
   * @throws (rejects) TransactionInvalidError, PayloadInvalidError, NotPortableError, NotDurableError, ConfigurationError, or what the
   * database said; nothing was written then
   * @example
   * await dataSource.transaction(async (manager) => {
   *   await manager.save(order);
   *   await outbox.add(manager, Emails, { to: order.email }, { key: order.customerId });
   * });
   */
  async add<T>(
    transaction: object,
    channel: ChannelDeclaration<T> | string,
    payload: T,
    options: AddOptions = {},
  ): Promise<Added> {
    const [added] = await this.addAll(transaction, channel, [payload], options);
    return added as Added;
  }

  /** The same for many, in their order and in one statement. */
  async addAll<T>(
    transaction: object,
    channel: ChannelDeclaration<T> | string,
    payloads: readonly T[],
    options: AddOptions = {},
  ): Promise<readonly Added[]> {
    const { premises } = this;
    const { headers, ...sending } = options;
    const within = transactionOf(transaction, premises.storeKind);
    const put = async (carried: Headers | undefined) => {
      const messages = premises.messages(channel, payloads, carried, sending);
      if (!(messages instanceof Promise)) return premises.write(messages, within);
      const { made, held, isStillOpen } = await holding(within, messages);
      // From here to the write nothing is waited for.
      if (isStillOpen()) return premises.write(made, held);
      throw TransactionInvalidError.over();
    };
    const { follower } = premises;
    const trail = { worker: undefined, channel: typeof channel === 'string' ? channel : channel.name };
    const isFollowed = follower !== undefined && !follower.leaves(headers);
    const appended = await (isFollowed ? follower.put(trail, headers ?? {}, put) : put(headers));
    return appended.map(({ id, isDuplicate }) => ({ id: String(id), isDuplicate }));
  }

  /**
   * Runs `work` if no transaction with this key was committed before; for a handler whose own writes are to happen once although its
   * message may come twice. The key lies in the same transaction as the writes.
   *
   * @returns what `work` returned, or undefined when it was not run
   * @example
   * await dataSource.transaction((manager) => outbox.once(context.idempotencyKey(), manager, () => manager.save(invoice)));
   */
  async once<R>(key: string, transaction: object, work: () => R | Promise<R>): Promise<R | undefined> {
    const found = this.premises.once(key, transactionOf(transaction, this.premises.storeKind));
    // A synchronous transaction is over after the first await, and the work belongs into it.
    const isNew = found instanceof Promise ? await found : found;
    return isNew ? work() : undefined;
  }

  /** Says that a transaction with added messages was committed; for a bare handle whose commit cannot be seen from here. */
  wake(channel: ChannelDeclaration | string): void {
    this.premises.wake(channel);
  }
}

/** Waits for what is to be written, with a hold on the transaction it is meant for; `isStillOpen` lets go. */
async function holding(within: Transaction, waiting: Promise<readonly NewMessage[]>) {
  // It may fail before anybody waits for it.
  waiting.catch(() => {});
  const isStillOpen = within.hold?.() ?? ((): boolean => true);
  try {
    const [made, held] = await Promise.all([waiting, pinOf(within)]);
    return { made, held, isStillOpen };
  } catch (error) {
    isStillOpen();
    throw error;
  }
}

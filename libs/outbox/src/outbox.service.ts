import { type ChannelDeclaration, type Headers } from '@nestjs-workers/core';
import { type PayloadCheck, payloadCheck, type Sending, suggestion } from '@nestjs-workers/core/extension';
import { DurableChannel } from './channel/durable.channel.js';
import { NotDurableError } from './outbox.errors.js';
import type { OutboxHouse } from './outbox.house.js';
import type { NewMessage } from './store/store.js';
import { transactionOf } from './transaction/transaction.js';

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
 */
export class Outbox {
  private readonly checks = new Map<string, Promise<PayloadCheck | undefined>>();

  constructor(private readonly house: OutboxHouse) {}

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
    const durable = this.channel(channel);
    const { headers, ...sending } = options;
    const check = this.checkOf(durable);
    // A synchronous transaction ends before the next microtask: with nothing to check asynchronously there is none.
    const checked = check === undefined ? payloads : await this.checkAll(check, payloads);
    const send = (carried: Headers | undefined) => {
      const messages = checked.map((payload): NewMessage => {
        const key =
          sending.priority === undefined ? durable.keyFor({ payload, headers: carried ?? {} } as never) : undefined;
        return durable.envelope.write({ payload, headers: carried, sending, key });
      });
      return this.house.sender.sendWithin(messages, transactionOf(transaction, this.house.store.kind));
    };
    const { follower } = this.house.application.announcer;
    const trail = { worker: undefined, channel: durable.name };
    const isFollowed = follower !== undefined && !follower.leaves(headers);
    const appended = await (isFollowed ? follower.put(trail, headers ?? {}, send) : send(headers));
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
    const isNew = await this.house.store.once(key, transactionOf(transaction, this.house.store.kind));
    return isNew ? work() : undefined;
  }

  /** Says that a transaction with added messages was committed; for a bare handle whose commit cannot be seen from here. */
  wake(channel: ChannelDeclaration | string): void {
    this.house.sender.wake(this.channel(channel).name);
  }

  private channel(named: ChannelDeclaration | string): DurableChannel {
    const channel = this.house.application.channel(named);
    if (channel instanceof DurableChannel) return channel;
    const durable = [...this.house.application.channels].filter((one) => one instanceof DurableChannel);
    throw new NotDurableError(
      channel.name,
      suggestion(
        channel.name,
        durable.map(({ name }) => name),
      ),
    );
  }

  private checkOf({ name, durable }: DurableChannel): Promise<PayloadCheck | undefined> | undefined {
    if (durable.payload === undefined) return undefined;
    const check = this.checks.get(name) ?? payloadCheck(name, durable.payload);
    this.checks.set(name, check);
    return check;
  }

  private async checkAll(check: Promise<PayloadCheck | undefined>, payloads: readonly unknown[]): Promise<unknown[]> {
    const loaded = await check;
    return Promise.all(payloads.map((payload) => loaded?.(payload)));
  }
}

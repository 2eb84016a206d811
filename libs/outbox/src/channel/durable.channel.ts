import { Channel, ChannelClosedError, Message, type Peeked, type PutResult } from '@nestjs-workers/core';
import {
  type ChannelSite,
  type ChannelStats,
  type KeyOf,
  resolveChannelOptions,
  type Sending,
  type Source,
  type Taker,
} from '@nestjs-workers/core/extension';
import type { StoredStats } from '../store/store.js';
import { DurableTakenError } from './channel.errors.js';
import type { ResolvedDurableOptions } from './durable.options.js';
import { Envelope } from './envelope.js';
import { postOf } from './post.js';

/**
 * A channel whose messages lie in a store.
 *
 * Promises: `put` resolves when the message is committed; each message is settled by a worker, here or on another host; what a worker
 * returns for an `out` that is durable too is written in the transaction that settles.
 * Does not promise: that the counts of its statistics are of this instant; they are of the relay's last look.
 *
 * Its Subject face puts (`next`) and shows what this process put (`tap$`); taking is left to workers, which settle.
 */
export class DurableChannel<T = unknown> extends Channel<T> {
  readonly envelope: Envelope;
  /** What lay in the store when the relay last looked. */
  stored: StoredStats | undefined;
  private keyOf: KeyOf<T> | undefined;

  constructor(
    name: string,
    readonly durable: ResolvedDurableOptions,
    private readonly site: ChannelSite,
  ) {
    const { payload } = durable;
    super(name, resolveChannelOptions(name, payload === undefined ? {} : { payload }, []), site.clock, site.announcer);
    this.envelope = new Envelope(name, durable);
  }

  override get takesSending(): boolean {
    return true;
  }

  override get isShared(): boolean {
    return true;
  }

  /** Recorded in the store, for all hosts; they follow within a second. @throws (rejects) OutboxMissingError, StoreUnreachableError */
  override pause(actor?: string): Promise<void> {
    return postOf(this.site.announcer, this.name).pause(this as DurableChannel, true, actor);
  }

  /** The same the other way round. */
  override resume(actor?: string): Promise<void> {
    return postOf(this.site.announcer, this.name).pause(this as DurableChannel, false, actor);
  }

  /** What is next in the store, over all hosts. @throws (rejects) OutboxMissingError, StoreUnreachableError */
  override peek(limit: number): Promise<readonly Peeked[]> {
    return postOf(this.site.announcer, this.name).peek(this as DurableChannel, limit);
  }

  /** What the store says of it is known here from now on. */
  notePause(isPaused: boolean, by: string | undefined): void {
    this.halt(isPaused, by);
  }

  /** How a message is put under the key that its worker orders by. */
  keyFor(message: Message<T>): string | undefined {
    const key = this.keyOf?.(message);
    if (key === undefined || key === null) return undefined;
    return typeof key === 'object' ? JSON.stringify(key) : `${key as string | number}`;
  }

  /** Resolves when `message` is committed. @throws (rejects) ChannelClosedError, NotPortableError, OutboxMissingError, StoreUnreachableError */
  override async put(
    message: Message<T>,
    _mode?: unknown,
    signal?: AbortSignal,
    sending?: Sending,
  ): Promise<PutResult> {
    try {
      if (this.state !== 'open') throw new ChannelClosedError(this.name, message);
      signal?.throwIfAborted();
      return await this.write(message, sending);
    } catch (error) {
      this.books.refused++;
      throw error;
    }
  }

  override post(payload: T, putAt: number): Promise<PutResult> {
    return this.put(new Message(payload, putAt));
  }

  /** Accepted at once and written in the background; what cannot be written is counted as dropped, and the fault announced. */
  override offer(message: Message<T>, reason: Parameters<Channel['offer']>[1]): PutResult {
    void this.write(message, undefined).catch((error: unknown) => {
      this.books.drop(message, reason);
      this.announcer.fault(`channel "${this.name}"`, error);
    });
    return 'accepted';
  }

  override attach(): never {
    throw new DurableTakenError(this.name);
  }

  override bindWorker(name: string, key: KeyOf<T> | undefined): ReturnType<Channel['bindWorker']> {
    this.keyOf = key;
    return super.bindWorker(name, undefined);
  }

  override sourceFor(taker: Taker, routed: Channel | undefined): Source {
    return postOf(this.site.announcer, this.name).sourceFor(this as DurableChannel, taker, routed);
  }

  override routesTo(out: Channel): boolean {
    return out instanceof DurableChannel;
  }

  override oldestAgeMs(): number {
    return this.stored?.oldestReadyMs ?? 0;
  }

  override stats(): ChannelStats {
    const { ready = 0, delayed = 0 } = this.stored ?? {};
    const bound = Number.MAX_SAFE_INTEGER;
    return {
      ...super.stats(),
      depth: ready + delayed,
      capacity: bound,
      maxPendingPuts: bound,
      oldestAgeMs: this.oldestAgeMs(),
      ...(this.stored === undefined ? {} : { stored: { ...this.stored } }),
    };
  }

  private async write(message: Message<T>, sending: Sending | undefined): Promise<PutResult> {
    const { payload, headers, reply } = message;
    const now = this.clock.now();
    const draft = {
      payload,
      headers,
      sending,
      key: sending?.priority === undefined ? this.keyFor(message) : undefined,
      expiresMs: reply?.dueAt === undefined ? undefined : reply.dueAt - now,
      wantsResult: reply !== undefined,
    };
    const { isDuplicate } = await postOf(this.site.announcer, this.name).send(this as DurableChannel, draft, reply);
    if (!isDuplicate) {
      this.books.accepted++;
      this.tell(message);
    }
    return 'accepted';
  }
}

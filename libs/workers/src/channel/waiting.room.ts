import type { Clock } from '../lifecycle/clock.js';
import { onAbort } from '../lifecycle/on.abort.js';
import type { Message } from '../message/message.js';
import type { DropReason } from '../observe/events.js';
import type { ChannelStats } from '../observe/stats.js';
import { type Buffer, FifoBuffer } from './buffer.js';
import type { ChannelBooks } from './channel.books.js';
import { ChannelClosedError, MessageDroppedError } from './channel.errors.js';
import type { ResolvedChannelOptions, ResolvedShedOptions } from './channel.options.js';
import { type KeyOf, KeyedBuffer } from './keyed.buffer.js';
import { type PendingPut, PendingPuts, type Sender } from './pending.puts.js';

/** What became of a put: taken in, or dropped on purpose and counted. */
export type PutResult = 'accepted' | 'dropped';

/** What a waiting room is made of. */
export interface WaitingRoomParts<T> {
  readonly name: string;
  readonly options: ResolvedChannelOptions;
  readonly books: ChannelBooks;
  readonly clock: Clock;
  /** Told of each message that is accepted, after it has its place. */
  readonly onAccepted: (message: Message<T>) => void;
  readonly report: (error: unknown) => void;
}

/**
 * Where a channel's messages wait: the buffer, and the puts that wait for room in it. It knows bounds and books; who takes messages is
 * the channel's affair.
 *
 * Promises: neither bound is passed; what is taken out is the oldest that may be taken; whatever leaves otherwise is counted.
 */
export class WaitingRoom<T> {
  private buffer: Buffer<T> = new FifoBuffer();
  private readonly pending: PendingPuts<T>;
  private readonly books: ChannelBooks;

  constructor(private readonly parts: WaitingRoomParts<T>) {
    this.pending = new PendingPuts(parts.options.maxPendingPuts);
    this.books = parts.books;
  }

  get isEmpty(): boolean {
    return this.buffer.size + this.pending.size === 0;
  }

  /** Whether as many puts wait for room as may. */
  get isOverflowing(): boolean {
    return this.pending.isFull;
  }

  /** Keeps `message` in the buffer, or does with it what the buffer type says; `'full'` when it has to wait for room. */
  keep(message: Message<T>): PutResult | 'full' {
    if (this.buffer.size >= this.parts.options.buffer) return this.makeRoomFor(message);
    this.buffer.push(message);
    return this.enter(message);
  }

  /** Keeps a payload as it is, which nobody watches; false when there is no room. */
  keepPayload(payload: T, putAt: number): boolean {
    if (this.buffer.size >= this.parts.options.buffer) return false;
    this.buffer.pushPayload(payload, putAt);
    this.books.accepted++;
    this.books.filled(this.load);
    return true;
  }

  /** The buffer is full, and its type says who goes. */
  private makeRoomFor(message: Message<T>): PutResult | 'full' {
    const { bufferType } = this.parts.options;
    if (bufferType === 'fixed') return 'full';
    if (bufferType === 'dropping') return this.drop(message, 'buffer-drop');
    const slid = this.buffer.slide();
    this.buffer.push(message);
    if (slid !== undefined) this.drop(slid, 'buffer-slide');
    return this.enter(message);
  }

  /** Accepts `message` before there is room for it. */
  keepLater(message: Message<T>): PutResult {
    this.pending.push({ message, sender: undefined });
    return this.enter(message);
  }

  /** Lets the sender of `message` wait until there is room, or until its `signal` aborts. */
  keepWhenRoom(message: Message<T>, signal: AbortSignal | undefined): Promise<PutResult> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        if (this.pending.take((waiting) => waiting === message) !== undefined) this.books.eased(this.load);
        sender.refused(signal?.reason as Error);
      };
      let forget = (): void => {};
      const sender: Sender = {
        admitted: () => {
          forget();
          resolve('accepted');
        },
        refused: (error) => {
          forget();
          this.books.refused++;
          reject(error);
        },
      };
      if (signal?.aborted === true) return leave();
      if (signal !== undefined) forget = onAbort(signal, leave);
      this.pending.push({ message, sender });
      this.books.filled(this.load);
    });
  }

  /** Takes out the oldest message that may be taken now and is still wanted; undefined when there is none. */
  takeOut(): Message<T> | undefined {
    let message: Message<T> | undefined;
    do {
      message = this.buffer.shift() ?? this.takePending();
      if (message === undefined) return undefined;
      if (this.pending.size > 0) this.refill();
      if (this.books.isSaturated) this.books.eased(this.load);
    } while (isExpired(message) && this.dropExpired(message));
    this.books.taken++;
    return message;
  }

  /** Whether `message` may be taken past those that wait. */
  admits(message: Message<T>): boolean {
    return this.buffer.admits(message);
  }

  /** Notes that `message` is taken past those that wait. */
  lend(message: Message<T>): void {
    this.buffer.lend(message);
  }

  /** Notes that what was taken is finished; true when another message may be taken for it. */
  release(message: Message<T>): boolean {
    return this.buffer.release(message);
  }

  /** Counts `message` as lost on purpose, and tells its caller if it has one. */
  drop(message: Message<T>, reason: DropReason): 'dropped' {
    this.books.drop(message, reason);
    message.reply?.refuse(new MessageDroppedError(this.parts.name, reason, message));
    return 'dropped';
  }

  /** Keeps order per key from now on. */
  orderBy(key: KeyOf<T>): void {
    const before = [...this.buffer];
    this.buffer = new KeyedBuffer(key, this.parts.report);
    for (const message of before) this.buffer.push(message);
  }

  /** Refuses the senders that wait; what was accepted stays. */
  close(): void {
    for (const { message, sender } of this.pending.takeSenders()) {
      sender?.refused(new ChannelClosedError(this.parts.name, message));
    }
    this.books.eased(this.load);
  }

  /** Takes out everything, pending puts included; for the report of a stop. */
  clear(): Message<T>[] {
    const rest: Message<T>[] = [...this.buffer];
    this.buffer = new FifoBuffer();
    for (let put = this.pending.shift(); put !== undefined; put = this.pending.shift()) rest.push(put.message);
    this.books.leftOver += rest.length;
    this.books.eased(this.load);
    return rest;
  }

  /** The oldest that wait, at most `limit`, without taking them. */
  peek(limit: number): Message<T>[] {
    const found: Message<T>[] = [];
    for (const message of this.waiting()) {
      if (found.length >= limit) break;
      found.push(message);
    }
    return found;
  }

  private *waiting(): Iterable<Message<T>> {
    yield* this.buffer;
    yield* this.pending.messages();
  }

  stats(): Omit<ChannelStats, 'isPaused'> {
    return this.books.snapshot(this.buffer.size, this.pending.size, this.oldestAgeMs());
  }

  /** How long the oldest message has waited, in milliseconds; 0 when nothing waits. */
  oldestAgeMs(): number {
    const putAt = this.buffer.oldestPutAt() ?? this.pending.oldestPutAt();
    return putAt === undefined ? 0 : Math.max(0, this.parts.clock.now() - putAt);
  }

  /** Why new messages should be shed now, in words; undefined when there is no reason. */
  overload({ at, oldestAge }: ResolvedShedOptions): string | undefined {
    const { buffer, maxPendingPuts } = this.parts.options;
    const bound = buffer > 0 ? buffer : maxPendingPuts;
    if (this.load >= bound * at) return `${this.load} of ${bound} places are taken`;
    const ageMs = this.oldestAgeMs();
    return ageMs > oldestAge ? `the oldest message has waited for ${Math.round(ageMs)} ms` : undefined;
  }

  /** What is measured against the bound: the buffer, or the puts that wait where there is none. */
  private get load(): number {
    return this.parts.options.buffer > 0 ? this.buffer.size : this.pending.size;
  }

  private dropExpired(message: Message<T>): true {
    this.buffer.release(message);
    this.drop(message, 'expired');
    return true;
  }

  private takePending(): Message<T> | undefined {
    if (this.pending.size === 0) return undefined;
    const put = this.pending.take((message) => this.buffer.admits(message));
    if (put === undefined) return undefined;
    this.buffer.lend(put.message);
    this.admit(put);
    return put.message;
  }

  private refill(): void {
    while (this.buffer.size < this.parts.options.buffer) {
      const put = this.pending.shift();
      if (put === undefined) return;
      this.buffer.push(put.message);
      this.admit(put);
    }
  }

  private admit({ message, sender }: PendingPut<T>): void {
    if (sender === undefined) return;
    // First, since a watcher may abort what its sender waits with: what is accepted is not refused any more.
    sender.admitted();
    this.accept(message);
  }

  /** It has its place. */
  private enter(message: Message<T>): PutResult {
    this.accept(message);
    this.books.filled(this.load);
    return 'accepted';
  }

  private accept(message: Message<T>): void {
    this.books.accepted++;
    this.parts.onAccepted(message);
  }
}

/** Whether whoever waited for an answer has it, or has left. */
function isExpired({ reply }: Message): boolean {
  return reply !== undefined && reply.state !== 'waiting';
}

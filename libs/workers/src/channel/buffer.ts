import { Message } from '../message/message.js';
import { Ring } from './ring.js';

/**
 * Where accepted messages lie until they are taken. It knows their order and nothing of bounds: the channel does.
 *
 * Invariant: a message is in the buffer, or lent (taken and not released), or gone.
 */
export interface Buffer<T> extends Iterable<Message<T>> {
  readonly size: number;
  push(message: Message<T>): void;
  /** Keeps a payload of which nothing more is to be said; it is a message when somebody sees it. */
  pushPayload(payload: T, putAt: number): void;
  /** The next message that may be taken now; undefined when there is none. */
  shift(): Message<T> | undefined;
  /** The oldest message of all, taken or not takeable, removed to make room. */
  slide(): Message<T> | undefined;
  /** When the oldest message of all was put; undefined when there is none. */
  oldestPutAt(): number | undefined;
  /** Whether `message` may be taken without waiting for another one to be released. */
  admits(message: Message<T>): boolean;
  /** Notes that `message` was taken past the buffer. */
  lend(message: Message<T>): void;
  /** Notes that what was taken is finished; whether another message may be taken now that could not be taken before. */
  release(message: Message<T>): boolean;
}

/**
 * First in, first out, and nothing else.
 *
 * A million messages that wait are a million objects that the collector copies, twice. A payload that was put with nothing beside it
 * waits as it is, and its message is made when it is taken, or looked at.
 *
 * Invariant: what was seen is older than what is in the line.
 */
export class FifoBuffer<T> implements Buffer<T> {
  size = 0;
  /** Messages; and payloads, each behind the time at which it was put. */
  private readonly line = new Ring<unknown>();
  /** Messages that somebody saw before they were taken: the same are taken. */
  private readonly seen = new Ring<Message<T>>();

  push(message: Message<T>): void {
    this.line.push(message);
    this.size++;
  }

  pushPayload(payload: T, putAt: number): void {
    this.line.push(putAt);
    this.line.push(payload);
    this.size++;
  }

  shift(): Message<T> | undefined {
    if (this.size === 0) return undefined;
    this.size--;
    return this.seen.size === 0 ? this.next() : this.seen.shift();
  }

  slide(): Message<T> | undefined {
    return this.shift();
  }

  oldestPutAt(): number | undefined {
    if (this.size === 0) return undefined;
    const first = this.seen.peek() ?? (this.line.peek() as number | Message<T>);
    return typeof first === 'number' ? first : first.putAt;
  }

  admits(): boolean {
    return true;
  }

  lend(): void {}

  release(): boolean {
    return false;
  }

  /** Costs a message for each that is looked at. */
  *[Symbol.iterator](): Iterator<Message<T>> {
    yield* this.seen;
    while (this.line.size > 0) {
      const message = this.next();
      this.seen.push(message);
      yield message;
    }
  }

  private next(): Message<T> {
    const first = this.line.shift() as number | Message<T>;
    return typeof first === 'number' ? new Message(this.line.shift() as T, first) : first;
  }
}

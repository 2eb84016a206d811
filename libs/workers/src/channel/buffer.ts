import type { Message } from '../message/message.js';
import { Ring } from './ring.js';

/**
 * Where accepted messages lie until they are taken. It knows their order and nothing of bounds: the channel does.
 *
 * Invariant: a message is in the buffer, or lent (taken and not released), or gone.
 */
export interface Buffer<T> extends Iterable<Message<T>> {
  readonly size: number;
  push(message: Message<T>): void;
  /** The next message that may be taken now; undefined when there is none. */
  shift(): Message<T> | undefined;
  /** The oldest message of all, taken or not takeable, removed to make room. */
  slide(): Message<T> | undefined;
  /** The oldest message of all, left where it is. */
  oldest(): Message<T> | undefined;
  /** Whether `message` may be taken without waiting for another one to be released. */
  admits(message: Message<T>): boolean;
  /** Notes that `message` was taken past the buffer. */
  lend(message: Message<T>): void;
  /** Notes that what was taken is finished; whether another message may be taken now that could not be taken before. */
  release(message: Message<T>): boolean;
}

/** First in, first out, and nothing else. */
export class FifoBuffer<T> extends Ring<Message<T>> implements Buffer<T> {
  slide(): Message<T> | undefined {
    return this.shift();
  }

  oldest(): Message<T> | undefined {
    return this.peek();
  }

  admits(): boolean {
    return true;
  }

  lend(): void {}

  release(): boolean {
    return false;
  }
}

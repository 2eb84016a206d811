import { Message } from '../message/message.js';
import type { Buffer } from './buffer.js';
import { Ring } from './ring.js';

/** What orders messages: those with the same key are handled one after the other, in the order in which they were put. */
export type KeyOf<T> = (message: Message<T>) => unknown;

/** Messages of a key that is being worked on, in order; `undefined` marks a busy key with nobody behind it. */
type Behind<T> = Ring<Message<T>> | undefined;

/**
 * A buffer that keeps order per key and lets other keys overtake.
 *
 * A message found at the front while its key is busy is set aside behind that key; when the key is released the first of them
 * is next. So each message is looked at twice at most, however hot a key is.
 *
 * Promises: at most one message of a key is out at a time (a handler that ran out of time and ignores its signal is not counted); per key, first put is first taken; no key waits for another. The key is read
 * once per message, so a handler may change its payload; a key function that throws is reported and its message is ordered after nobody.
 * Does not promise: an order between keys.
 */
export class KeyedBuffer<T> implements Buffer<T> {
  private readonly arriving = new Ring<Message<T>>();
  private readonly busy = new Map<unknown, Behind<T>>();
  private readonly free = new Ring<Message<T>>();
  /** What lies behind a key or is free again, in the order in which it was put: all of it is older than what is arriving. */
  private readonly setAside = new Set<Message<T>>();
  private readonly keys = new WeakMap<Message<T>, unknown>();

  constructor(
    private readonly keyFunction: KeyOf<T>,
    private readonly report: (error: unknown) => void,
  ) {}

  get size(): number {
    return this.arriving.size + this.setAside.size;
  }

  push(message: Message<T>): void {
    this.arriving.push(message);
  }

  pushPayload(payload: T, putAt: number): void {
    this.push(new Message(payload, putAt));
  }

  shift(): Message<T> | undefined {
    const freed = this.free.shift();
    if (freed !== undefined) {
      this.setAside.delete(freed);
      return freed;
    }
    for (let next = this.arriving.shift(); next !== undefined; next = this.arriving.shift()) {
      const key = this.keyOf(next);
      if (!this.busy.has(key)) {
        this.busy.set(key, undefined);
        return next;
      }
      this.putBehind(key, next);
    }
    return undefined;
  }

  slide(): Message<T> | undefined {
    const [oldest] = this.setAside;
    if (oldest === undefined) return this.arriving.shift();
    this.setAside.delete(oldest);
    if (this.free.remove((message) => message === oldest) === undefined) this.busy.get(this.keyOf(oldest))?.shift();
    else this.release(oldest);
    return oldest;
  }

  oldestPutAt(): number | undefined {
    const [oldest] = this.setAside;
    return (oldest ?? this.arriving.peek())?.putAt;
  }

  admits(message: Message<T>): boolean {
    return !this.busy.has(this.keyOf(message));
  }

  lend(message: Message<T>): void {
    this.busy.set(this.keyOf(message), undefined);
  }

  release(message: Message<T>): boolean {
    const key = this.keyOf(message);
    const next = this.busy.get(key)?.shift();
    if (next === undefined) this.busy.delete(key);
    else this.free.push(next);
    return true;
  }

  *[Symbol.iterator](): Iterator<Message<T>> {
    yield* this.setAside;
    yield* this.arriving;
  }

  private keyOf(message: Message<T>): unknown {
    if (!this.keys.has(message)) this.keys.set(message, this.readKey(message));
    return this.keys.get(message);
  }

  private readKey(message: Message<T>): unknown {
    try {
      return this.keyFunction(message);
    } catch (error) {
      this.report(error);
      return message;
    }
  }

  private putBehind(key: unknown, message: Message<T>): void {
    let behind = this.busy.get(key);
    if (behind === undefined) this.busy.set(key, (behind = new Ring()));
    behind.push(message);
    this.setAside.add(message);
  }
}

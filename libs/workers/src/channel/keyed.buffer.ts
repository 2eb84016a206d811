import type { Message } from '../message/message.js';
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
 * Promises: at most one message of a key is out at a time; per key, first put is first taken. The key is read once per message, so
 * a handler may change its payload; a key function that throws is reported and its message is ordered after nobody.
 * Does not promise: an order between keys.
 */
export class KeyedBuffer<T> implements Buffer<T> {
  private readonly arriving = new Ring<Message<T>>();
  private readonly busy = new Map<unknown, Behind<T>>();
  private readonly free = new Ring<Message<T>>();
  private setAside = 0;

  private readonly keys = new WeakMap<Message<T>, unknown>();

  constructor(
    private readonly keyFunction: KeyOf<T>,
    private readonly report: (error: unknown) => void,
  ) {}

  get size(): number {
    return this.arriving.size + this.setAside + this.free.size;
  }

  push(message: Message<T>): void {
    this.arriving.push(message);
  }

  shift(): Message<T> | undefined {
    const freed = this.free.shift();
    if (freed !== undefined) return freed;
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
    const oldest = this.oldest();
    if (oldest === undefined) return undefined;
    if (oldest === this.arriving.peek()) return this.arriving.shift();
    if (oldest === this.free.peek()) {
      this.free.shift();
      this.release(oldest);
      return oldest;
    }
    this.setAside--;
    return this.busy.get(this.keyOf(oldest))?.shift();
  }

  oldest(): Message<T> | undefined {
    let oldest = older(this.arriving.peek(), this.free.peek());
    if (this.setAside > 0) for (const behind of this.busy.values()) oldest = older(oldest, behind?.peek());
    return oldest;
  }

  admits(message: Message<T>): boolean {
    return !this.busy.has(this.keyOf(message));
  }

  lend(message: Message<T>): void {
    this.busy.set(this.keyOf(message), undefined);
  }

  release(message: Message<T>): void {
    const key = this.keyOf(message);
    const next = this.busy.get(key)?.shift();
    if (next === undefined) this.busy.delete(key);
    else {
      this.setAside--;
      this.free.push(next);
    }
  }

  *[Symbol.iterator](): Iterator<Message<T>> {
    yield* this.free;
    for (const behind of this.busy.values()) if (behind !== undefined) yield* behind;
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
    this.setAside++;
  }
}

function older<T>(a: Message<T> | undefined, b: Message<T> | undefined): Message<T> | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return b.putAt < a.putAt ? b : a;
}

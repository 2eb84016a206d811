import type { Message } from '../message/message.js';
import { Ring } from './ring.js';

/** A put that found no room: accepted already (`async`), or its sender waits to hear (`block`). */
export interface PendingPut<T> {
  readonly message: Message<T>;
  readonly sender: Sender | undefined;
}

/** The waiting side of a `block` put. */
export interface Sender {
  admitted(): void;
  refused(error: Error): void;
}

/** Puts that wait for room, in order, at most `limit` of them. */
export class PendingPuts<T> {
  private readonly ring = new Ring<PendingPut<T>>();

  constructor(readonly limit: number) {}

  get size(): number {
    return this.ring.size;
  }

  get isFull(): boolean {
    return this.ring.size >= this.limit;
  }

  oldestPutAt(): number | undefined {
    return this.ring.peek()?.message.putAt;
  }

  *messages(): Iterable<Message<T>> {
    for (const { message } of this.ring) yield message;
  }

  push(put: PendingPut<T>): void {
    this.ring.push(put);
  }

  shift(): PendingPut<T> | undefined {
    return this.ring.shift();
  }

  /** The first put whose message `admits` lets pass; the others keep waiting in order. */
  take(admits: (message: Message<T>) => boolean): PendingPut<T> | undefined {
    const first = this.ring.peek();
    if (first === undefined) return undefined;
    return admits(first.message) ? this.ring.shift() : this.ring.remove((put) => admits(put.message));
  }

  /** Takes out every put whose sender waits; what was accepted stays. */
  takeSenders(): PendingPut<T>[] {
    const senders: PendingPut<T>[] = [];
    for (let left = this.ring.size; left > 0; left--) {
      const put = this.ring.shift() as PendingPut<T>;
      if (put.sender === undefined) this.ring.push(put);
      else senders.push(put);
    }
    return senders;
  }
}

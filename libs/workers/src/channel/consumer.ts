import type { Subscriber } from 'rxjs';
import type { Message } from '../message/message.js';

/**
 * Whoever takes messages from a channel. Consumers of one channel compete: each message goes to one of them.
 *
 * Invariant the channel keeps: while a consumer is hungry, the channel holds nothing that it could take.
 */
export interface Consumer<T> {
  /** Whether it would take another message this instant. */
  readonly isHungry: boolean;
  /** Whether it is done with a message when it has taken it; the others say so with `Channel.release`. */
  readonly isDoneAtOnce?: boolean;
  /** Takes a message; called only while it is hungry. Must not throw. */
  give(message: Message<T>): void;
  /** Told once, when the channel is closed and empty. */
  end?(): void;
}

/** A subscriber of the Subject face: hungry whenever it is not inside its `next`, so one message per synchronous `next`. */
export class SubscriberConsumer<T> implements Consumer<T> {
  readonly isDoneAtOnce = true;
  private isInside = false;

  constructor(private readonly subscriber: Subscriber<T>) {}

  get isHungry(): boolean {
    return !this.isInside && !this.subscriber.closed;
  }

  give(message: Message<T>): void {
    this.isInside = true;
    this.subscriber.next(message.payload);
    this.isInside = false;
  }

  end(): void {
    this.subscriber.complete();
  }
}

/** A `for await` loop: hungry only while it waits for its next value, so it pulls with back-pressure. */
export class IteratingConsumer<T> implements Consumer<T>, AsyncIterableIterator<T, undefined> {
  readonly isDoneAtOnce = true;
  private readonly waiting: ((result: IteratorResult<T, undefined>) => void)[] = [];
  private isOver = false;

  constructor(
    private readonly take: () => Message<T> | undefined,
    private readonly detach: () => void,
  ) {}

  get isHungry(): boolean {
    return this.waiting.length > 0;
  }

  give(message: Message<T>): void {
    this.waiting.shift()?.({ value: message.payload, done: false });
  }

  end(): void {
    this.isOver = true;
    for (const resolve of this.waiting.splice(0)) resolve({ value: undefined, done: true });
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    if (this.isOver) return { value: undefined, done: true };
    const message = this.waiting.length === 0 ? this.take() : undefined;
    if (message !== undefined) return { value: message.payload, done: false };
    return this.isOver ? { value: undefined, done: true } : new Promise((resolve) => this.waiting.push(resolve));
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.detach();
    this.end();
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

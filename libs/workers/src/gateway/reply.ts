import { EMPTY, type Observable, Subject, type Subscriber, type Subscription } from 'rxjs';
import type { Deadline, DeadlineLine } from '../lifecycle/deadlines.js';
import { onAbort } from '../lifecycle/on.abort.js';
import type { ReplyAddress } from '../message/reply.address.js';
import { GuardedObservable, type Reporter } from '../observe/guarded.observable.js';
import { RequestAbortedError, RequestTimeoutError } from './gateway.errors.js';

/**
 * The answer to a request: a promise with a deadline, and the progress on the way.
 *
 * It always settles: with the handler's value, or rejected with `HandlerFailedError` (what was thrown is its `cause`),
 * `HandlerTimeoutError`, `HandlerBlockedError`, `RequestTimeoutError`, `RequestAbortedError`, `MessageDroppedError`,
 * `ChannelOverflowError`, `ChannelClosedError`, `PayloadInvalidError`, `OverloadedError` or `WorkersStoppingError`.
 */
export interface Reply<T> extends Promise<T> {
  /**
   * What the handler says with `context.progress`, from the moment of subscribing; completes when the reply settles. A subscriber
   * that throws is reported.
   */
  readonly progress$: Observable<unknown>;
}

/** Who was asked for the answer. */
export interface Asked {
  readonly worker: string;
  /** Told what subscribers of the progress throw. */
  readonly reporter: Reporter;
}

/** A reply that was refused before there was a message. */
export function refusedReply<T>(error: Error): Reply<T> {
  return Object.assign(Promise.reject<T>(error), { progress$: EMPTY });
}

/**
 * The promise and the address that settles it.
 *
 * One is made for each request: it extends nothing, because a derived class costs more to build than all of its fields.
 */
export class PendingReply<T> implements ReplyAddress, Deadline {
  // Declared, not defined, as in `Message`.
  declare readonly asked: Asked;
  declare state: ReplyAddress['state'];
  declare leftFor: Error | undefined;
  declare onLeave: ((reason: Error) => void) | undefined;
  declare line: DeadlineLine | undefined;
  declare dueAt: number;
  declare readonly reply: Reply<T>;
  declare private resolve: (value: unknown) => void;
  declare private reject: (error: Error) => void;
  declare private stopListening: (() => void) | undefined;
  declare private steps: Subject<unknown> | undefined;

  constructor(asked: Asked) {
    this.asked = asked;
    this.state = 'waiting';
    this.leftFor = undefined;
    this.onLeave = undefined;
    this.line = undefined;
    this.dueAt = 0;
    this.stopListening = undefined;
    this.steps = undefined;
    // A property on a native promise keeps `await` on its fast path, which a subclass of Promise would leave.
    const reply = new Promise<T>((resolve, reject) => {
      this.resolve = resolve as (value: unknown) => void;
      this.reject = reject;
    }) as { -readonly [K in keyof Reply<T>]: Reply<T>[K] };
    reply.progress$ = new Progress(this);
    this.reply = reply;
  }

  /** Starts the deadline, and listens to the caller's signal. */
  waitIn(line: DeadlineLine, now: number, signal: AbortSignal | undefined): void {
    line.set(this, now);
    if (signal === undefined) return;
    const leave = (): void => this.leave(new RequestAbortedError(this.asked.worker, signal.reason));
    if (signal.aborted) return leave();
    this.stopListening = onAbort(signal, leave);
  }

  answer(value: unknown): boolean {
    if (!this.settle('answered')) return false;
    this.resolve(value);
    return true;
  }

  refuse(error: Error): boolean {
    if (!this.settle('refused')) return false;
    this.reject(error);
    return true;
  }

  progress(value: unknown): void {
    if (this.state === 'waiting') this.steps?.next(value);
  }

  expire(timeoutMs: number): void {
    this.leave(new RequestTimeoutError(this.asked.worker, timeoutMs));
  }

  /** @internal */
  watch(subscriber: Subscriber<unknown>): Subscription {
    this.steps ??= new Subject();
    if (this.state !== 'waiting') this.steps.complete();
    return this.steps.subscribe({
      next: (value) => this.guarded(() => subscriber.next(value)),
      complete: () => this.guarded(() => subscriber.complete()),
    });
  }

  private leave(reason: Error): void {
    if (!this.settle('left')) return;
    this.leftFor = reason;
    this.reject(reason);
    this.onLeave?.(reason);
  }

  private settle(state: 'answered' | 'refused' | 'left'): boolean {
    if (this.state !== 'waiting') return false;
    this.state = state;
    this.line?.remove(this);
    this.stopListening?.();
    this.steps?.complete();
    return true;
  }

  /** What a subscriber throws on its way out, where no guard of its own catches it, is kept from whoever settles and from the others. */
  private guarded(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.asked.reporter()(error);
    }
  }
}

/** What has steps to watch. */
interface Watched {
  readonly asked: Asked;
  watch(subscriber: Subscriber<unknown>): Subscription;
}

interface Progress extends GuardedObservable<unknown> {
  pending: Watched;
}

/**
 * The progress of one reply: a guarded observable of what `pending` shows.
 *
 * A function and not a class, because a derived class has to run the constructors above it, which have nothing to do here and cost
 * more than all the rest of a request (measured: 200 of 1,150 ns).
 */
const Progress = function (this: Progress, pending: Watched): void {
  this.pending = pending;
} as unknown as new (pending: Watched) => Progress;

Progress.prototype = Object.create(GuardedObservable.prototype, {
  reporter: {
    get(this: Progress): Reporter {
      return this.pending.asked.reporter;
    },
  },
  /** RxJS calls this with the finished subscriber. */
  _trySubscribe: {
    value(this: Progress, subscriber: Subscriber<unknown>): Subscription {
      return this.pending.watch(subscriber);
    },
  },
}) as Progress;

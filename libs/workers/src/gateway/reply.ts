import { Observable, Subject, type Subscriber, type Subscription } from 'rxjs';
import { Deadline, type DeadlineLine } from '../lifecycle/deadlines.js';
import type { ReplyAddress } from '../message/reply.address.js';
import { RequestAbortedError, RequestTimeoutError } from './gateway.errors.js';

/**
 * The answer to a request: a promise with a deadline, and the progress on the way.
 *
 * It always settles: with the handler's value, or rejected with `HandlerFailedError` (what was thrown is its `cause`),
 * `HandlerTimeoutError`, `HandlerBlockedError`, `RequestTimeoutError`, `RequestAbortedError`, `MessageDroppedError`,
 * `ChannelOverflowError`, `ChannelClosedError`, `PayloadInvalidError`, `OverloadedError` or `WorkersStoppingError`.
 */
export interface Reply<T> extends Promise<T> {
  /** What the handler says with `context.progress`, from the moment of subscribing; completes when the reply settles. */
  readonly progress$: Observable<unknown>;
}

/** The promise and the address that settles it. */
export class PendingReply<T> extends Deadline implements ReplyAddress {
  state: ReplyAddress['state'] = 'waiting';
  onLeave: ((reason: Error) => void) | undefined = undefined;
  readonly reply: Reply<T>;
  private resolve!: (value: unknown) => void;
  private reject!: (error: Error) => void;
  private timeoutMs = 0;
  private stopListening: (() => void) | undefined = undefined;
  private readonly steps = new Progress();

  constructor(private readonly worker: string) {
    super();
    // A property on a native promise keeps `await` on its fast path, which a subclass of Promise would leave.
    const reply = new Promise<T>((resolve, reject) => {
      this.resolve = resolve as (value: unknown) => void;
      this.reject = reject;
    }) as { -readonly [K in keyof Reply<T>]: Reply<T>[K] };
    reply.progress$ = this.steps;
    this.reply = reply;
  }

  /** Starts the deadline, and listens to the caller's signal. */
  waitUpTo(timeoutMs: number, line: DeadlineLine, now: number, signal: AbortSignal | undefined): void {
    this.timeoutMs = timeoutMs;
    line.set(this, now);
    if (signal === undefined) return;
    const leave = (): void => this.leave(new RequestAbortedError(this.worker, signal.reason));
    if (signal.aborted) return leave();
    signal.addEventListener('abort', leave, { once: true });
    this.stopListening = () => signal.removeEventListener('abort', leave);
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
    if (this.state === 'waiting') this.steps.emit(value);
  }

  expire(): void {
    this.leave(new RequestTimeoutError(this.worker, this.timeoutMs));
  }

  private leave(reason: Error): void {
    if (!this.settle('left')) return;
    this.reject(reason);
    this.onLeave?.(reason);
  }

  private settle(state: 'answered' | 'refused' | 'left'): boolean {
    if (this.state !== 'waiting') return false;
    this.state = state;
    this.clearDeadline();
    this.stopListening?.();
    this.steps.finish();
    return true;
  }
}

/** Progress that costs nothing until somebody subscribes. */
class Progress extends Observable<unknown> {
  private subject: Subject<unknown> | undefined = undefined;
  private isOver = false;

  emit(value: unknown): void {
    this.subject?.next(value);
  }

  finish(): void {
    this.isOver = true;
    this.subject?.complete();
  }

  /** RxJS calls this with the finished subscriber. */
  protected _trySubscribe(subscriber: Subscriber<unknown>): Subscription {
    this.subject ??= new Subject();
    if (this.isOver) this.subject.complete();
    return this.subject.subscribe(subscriber);
  }
}

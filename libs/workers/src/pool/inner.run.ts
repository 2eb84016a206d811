import type { Run, RunContext } from '../dispatch/dispatcher.js';
import type { Message } from '../message/message.js';
import type { Outcome } from '../message/outcome.js';
import type { Fault } from '../message/fault.js';

/** Why nobody waits for a handler any more. */
interface Left {
  readonly why: Error;
  /** Whether the latest one had come back before: what the interceptors make of that is told as late. */
  readonly isLate: boolean;
}

/** What one call of `next` comes to. */
interface Called {
  readonly resolve: (value: unknown) => void;
  readonly reject: (thrown: unknown) => void;
}

/**
 * Interceptors that stay in the host, around a handler elsewhere: what the isolate comes to is shown to them as a value or an error, and what
 * they make of it ends the run. A fault that is not the handler's own (a crash, a value that cannot cross) keeps its kind, unless an
 * interceptor makes something else of it. Each call of `next` is a try of its own, and comes to what that one comes to.
 *
 * States: `under way`; `back`, when the latest try has come back, until there is another; `over`, when the interceptors have come to an end:
 * then the run may be another message's; or why nobody waits for a handler any more.
 */
export class InnerRun {
  private state: 'under way' | 'back' | 'over' | Left = 'under way';
  /** Why there is to be no further try, while the latest one is still to end. */
  private unwanted: Error | undefined;
  private latest: Try | undefined;
  private came: { readonly outcome: Exclude<Outcome, { type: 'done' }> } | undefined;

  constructor(
    private readonly outer: Run,
    private readonly take: (run: Run) => void,
  ) {}

  /** What an interceptor calls as `next`. */
  readonly go = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (this.state === 'over')
        return reject(new Error('next() was called after the interceptor had come to its end'));
      const why = typeof this.state === 'object' ? this.state.why : this.unwanted;
      if (why !== undefined) return reject(why);
      this.state = 'under way';
      this.latest = new Try(this, this.outer, { resolve, reject });
      this.take(this.latest);
    });

  get isOver(): boolean {
    return this.state === 'over';
  }

  /** Nobody waits for it: no other handler is called. The one that is under way may still come back. */
  forbid(why: Error): void {
    this.unwanted ??= why;
  }

  /** No handler will come back: the interceptors are not to wait for one, and no other is called. */
  leave(why: Error): void {
    if (this.state !== 'under way' && this.state !== 'back') return;
    this.state = { why, isLate: this.state === 'back' };
    this.latest?.leave(why);
  }

  /** Ends the outer run with what the interceptors returned. */
  returned(value: unknown): void {
    if (this.comesToItsEnd()) this.outer.fulfilled(value);
  }

  /** Ends the outer run with what the interceptors threw. */
  conclude(thrown: unknown): void {
    if (!this.comesToItsEnd()) return;
    if (this.came !== undefined && this.came.outcome.fault.error === thrown) this.outer.end(this.came.outcome);
    else this.outer.rejected(thrown);
  }

  cameBack(tried: Try): void {
    if (this.latest === tried && this.state === 'under way') this.state = 'back';
  }

  failed(outcome: Exclude<Outcome, { type: 'done' }>): void {
    this.came = { outcome };
  }

  /** Whether what the interceptors made of it is anybody's. */
  private comesToItsEnd(): boolean {
    const { state } = this;
    this.state = 'over';
    return typeof state !== 'object' || state.isLate;
  }
}

/** One call of `next`, as a run of the pool. */
class Try implements Run {
  constructor(
    private readonly inner: InnerRun,
    private readonly outer: Run,
    private readonly called: Called,
  ) {}

  readonly fulfilled = (value: unknown): void => this.end({ type: 'done', value });
  readonly rejected = (thrown: unknown): void => {
    this.inner.cameBack(this);
    this.called.reject(thrown);
  };

  leave(why: Error): void {
    this.called.reject(why);
  }

  end(outcome: Outcome): void {
    this.inner.cameBack(this);
    if (outcome.type === 'done') return this.called.resolve(outcome.value);
    this.inner.failed(outcome);
    this.called.reject(outcome.fault.error);
  }

  giveUp(why: Fault): void {
    if (!this.inner.isOver) this.outer.giveUp(why);
  }

  entered(): boolean {
    return !this.inner.isOver && this.outer.entered();
  }

  enteredElsewhere(): void {
    if (!this.inner.isOver) this.outer.enteredElsewhere();
  }

  get message(): Message {
    return this.outer.message;
  }

  get context(): RunContext {
    return this.outer.context;
  }

  get beganAt(): number {
    return this.outer.beganAt;
  }

  get leftAt(): number {
    return this.outer.leftAt;
  }

  set leftAt(performanceNow: number) {
    this.outer.leftAt = performanceNow;
  }
}

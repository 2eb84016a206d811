import type { Run, RunContext } from '../dispatch/dispatcher.js';
import type { Message } from '../message/message.js';
import type { Outcome } from '../message/outcome.js';
import type { Fault } from '../message/fault.js';

/** Why nobody waits for a handler any more. */
interface Left {
  readonly why: Error;
  /** Whether one had come back before: what the interceptors make of that is told as late. */
  readonly isLate: boolean;
}

/**
 * A run with interceptors around it that stay in the host: what the isolate comes to is shown to them as a value or an error, and what they
 * make of it ends the run. A fault that is not the handler's own (a crash, a value that cannot cross) keeps its kind, unless an
 * interceptor makes something else of it.
 *
 * States: `under way`; `back`, when a handler has come back, until one is called again; `over`, when the interceptors have come to an end:
 * then the run may be another message's; or why nobody waits for a handler any more.
 */
export class InnerRun implements Run {
  private state: 'under way' | 'back' | 'over' | Left = 'under way';
  private came: { readonly outcome: Exclude<Outcome, { type: 'done' }> } | undefined;
  private resolve: (value: unknown) => void = () => {};
  private reject: (thrown: unknown) => void = () => {};

  constructor(
    private readonly outer: Run,
    private readonly take: (run: Run) => void,
  ) {}

  /** What an interceptor calls as `next`. */
  readonly go = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (this.state === 'over')
        return reject(new Error('next() was called after the interceptor had come to its end'));
      if (typeof this.state === 'object') return reject(this.state.why);
      this.state = 'under way';
      this.resolve = resolve;
      this.reject = reject;
      this.take(this);
    });

  /** No handler will come back: the interceptors are not to wait for one, and no other is called. */
  leave(why: Error): void {
    if (this.state !== 'under way' && this.state !== 'back') return;
    this.state = { why, isLate: this.state === 'back' };
    this.reject(why);
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

  readonly fulfilled = (value: unknown): void => {
    this.comeBack();
    this.resolve(value);
  };
  readonly rejected = (thrown: unknown): void => {
    this.comeBack();
    this.reject(thrown);
  };

  end(outcome: Outcome): void {
    this.comeBack();
    if (outcome.type === 'done') return this.resolve(outcome.value);
    this.came = { outcome };
    this.reject(outcome.fault.error);
  }

  giveUp(why: Fault): void {
    this.outer.giveUp(why);
  }

  entered(): boolean {
    return this.outer.entered();
  }

  enteredElsewhere(): void {
    if (this.state !== 'over') this.outer.enteredElsewhere();
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

  /** Whether what the interceptors made of it is anybody's. */
  private comesToItsEnd(): boolean {
    const { state } = this;
    this.state = 'over';
    return typeof state !== 'object' || state.isLate;
  }

  private comeBack(): void {
    if (this.state === 'under way') this.state = 'back';
  }
}

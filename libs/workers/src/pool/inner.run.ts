import type { Run, RunContext } from '../dispatch/dispatcher.js';
import type { Message } from '../message/message.js';
import type { Outcome } from '../message/outcome.js';
import type { Fault } from '../message/fault.js';

/**
 * A run with interceptors around it that stay in the host: what the isolate comes to is shown to them as a value or an error, and what they
 * make of it ends the run. A fault that is not the handler's own (a crash, a value that cannot cross) keeps its kind, unless an
 * interceptor makes something else of it.
 *
 * States: `under way`; `back`, when a handler has come back; or why nobody waits for one any more.
 */
export class InnerRun implements Run {
  private state: 'under way' | 'back' | Error = 'under way';
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
      if (this.state instanceof Error) return reject(this.state);
      this.resolve = resolve;
      this.reject = reject;
      this.take(this);
    });

  /** No handler will come back: the interceptors are not to wait for one, and what they make of that is nobody's. */
  leave(reason: Error): void {
    if (this.state !== 'under way') return;
    this.state = reason;
    this.reject(reason);
  }

  /** Ends the outer run with what the interceptors returned. */
  returned(value: unknown): void {
    if (!(this.state instanceof Error)) this.outer.fulfilled(value);
  }

  /** Ends the outer run with what the interceptors threw. */
  conclude(thrown: unknown): void {
    if (this.state instanceof Error) return;
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
    this.outer.enteredElsewhere();
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

  private comeBack(): void {
    if (this.state === 'under way') this.state = 'back';
  }
}

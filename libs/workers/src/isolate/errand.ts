import type { Run } from '../dispatch/dispatcher.js';
import type { Tx } from './protocol.js';
import type { Headers, Message } from '../message/message.js';

/**
 * One run on its way through a pool.
 *
 * States: `waiting` in the pool; `sent` to an isolate that has not entered its handler; `entered`; `over`, when its outcome is recorded.
 * From `sent` it may go back to `waiting` (its isolate died first: nothing happened), from `entered` only where the crash policy says so.
 */
export class Errand {
  state: 'waiting' | 'sent' | 'entered' | 'over' = 'waiting';
  /** How often an isolate entered its handler. */
  entries = 0;
  /** `performance.now()` when the handler was entered; 0 before. */
  enteredAt = 0;
  /** What it is called in the isolate it was sent to. */
  tx: Tx = 0;
  /**
   * Whether its run waits for it. `let go`: no lane keeps its time any more, since interceptors answered without it or called on.
   * `abandoned`: its signal is aborted, and its outcome, should there be one, is late.
   */
  regard: 'awaited' | 'let go' | 'abandoned' = 'awaited';
  /** Has nobody look any more whether it goes on for too long. */
  unwatch: (() => void) | undefined = undefined;
  /** The run may be lent again once it is over; the message stays. */
  readonly message: Message;

  constructor(
    readonly run: Run,
    /** What is to be known in there of the trace that the run belongs to; undefined for none. */
    readonly within: Headers | undefined = undefined,
    /** What its runner knows it by. */
    readonly lent: Run = run,
  ) {
    this.message = run.message;
  }

  get isAbandoned(): boolean {
    return this.regard === 'abandoned';
  }

  send(tx: Tx): void {
    this.state = 'sent';
    this.tx = tx;
  }

  enter(performanceNow: number): void {
    this.state = 'entered';
    this.entries++;
    this.enteredAt = performanceNow;
    if (!this.isAbandoned) this.run.enteredElsewhere();
  }

  /** Back to the pool, to be sent again. */
  comeBack(): void {
    this.state = 'waiting';
    this.enteredAt = 0;
  }
}

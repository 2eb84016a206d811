import type { Body } from './body.js';
import type { ToIsolate } from './protocol.js';

/** So many messages are sent together, while the isolate has others to do. */
const COMPANY = 8;
/** With so few messages left, beside those it is in, an isolate is sent what there is. */
const LEAST_AHEAD = 2;

/**
 * What an isolate has no hurry to get waits for company: a write for each message costs more than the message.
 *
 * Promises: nothing is kept longer than the turn in which the isolate is about to have nothing to do.
 */
export class Company {
  /** Messages that were said and kept back. */
  private kept = 0;
  private isFlushDue = false;

  constructor(
    private readonly body: Body,
    /** What the isolate was given, kept or not. */
    private readonly errands: { readonly size: number },
    private readonly concurrency: number,
  ) {}

  keep(word: ToIsolate): void {
    this.body.keep(word);
    if (++this.kept >= COMPANY) this.flush();
    else this.flushIfAwaited();
  }

  /** The isolate is about to have nothing to do: what is kept is sent at the end of this turn. */
  flushIfAwaited(): void {
    if (this.kept === 0 || this.isFlushDue) return;
    if (this.errands.size - this.kept > Math.max(LEAST_AHEAD, this.concurrency)) return;
    this.isFlushDue = true;
    void SOON.then(this.flush);
  }

  private readonly flush = (): void => {
    this.isFlushDue = false;
    this.kept = 0;
    this.body.flush();
  };
}

const SOON = Promise.resolve();

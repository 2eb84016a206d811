import type { Inside } from '../lifecycle/inside.js';
import type { BlockReport } from './block.report.js';
import type { Stretch } from './stretch.js';

/**
 * One handler at work: what its code runs `inside` of, and where the watchdog writes what it saw of it.
 *
 * States: in flight from its making until `end()`; then over. Code of a run that is over may still block, in a timer it left
 * behind; there is nothing left to fail then, so the guard's `onReport` is told.
 */
export class GuardedRun implements Inside {
  isOver = false;
  /**
   * The longest stretch for which it was seen to hold the event loop; undefined for a handler that behaves.
   *
   * It is written between two instructions of the handler, which an optimising compiler does not expect. So it is read only after
   * a call the compiler cannot see through: the dispatcher has read the clock by then, or a promise has settled.
   */
  private seen: Stretch | undefined = undefined;

  constructor(
    private readonly guard: RunGuard,
    readonly runId: number,
    readonly worker: string,
    readonly messageId: string,
  ) {}

  get house(): object {
    return this.guard.house;
  }

  get guardMs(): number {
    return this.guard.guardMs;
  }

  /**
   * The handler has settled, or is not waited for any longer; only the first call counts. Undefined nearly always: nothing was
   * seen. Else a promise of the report, or of undefined when too much of what was seen was the machine's doing.
   */
  end(): Promise<BlockReport | undefined> | undefined {
    if (this.isOver) return undefined;
    this.isOver = true;
    this.guard.leave();
    return this.seen?.report(this.guardMs);
  }

  /** It was seen holding the event loop for `stretch`. */
  wasSeen(stretch: Stretch): void {
    if (this.seen === undefined || this.seen.lengthMs < stretch.lengthMs) this.seen = stretch;
  }

  /** Something it left behind blocked after it was over. */
  leftBehind(report: BlockReport): void {
    this.guard.report(report);
  }
}

/** What a run needs of its guard. */
export interface RunGuard {
  readonly house: object;
  readonly guardMs: number;
  leave(): void;
  report(report: BlockReport): void;
}

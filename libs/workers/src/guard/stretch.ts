import type { BlockReport } from './block.report.js';
import type { GuardedRun } from './guarded.run.js';
import type { Mark, OwnTime } from './own.time.js';
import { blockingFrame, framesOf, shareAPlace, type Trace } from './stack.js';

/** One look at the main thread while the event loop was held. */
export interface Sighting {
  /** When the watchdog asked to look, by `performance.now()`. */
  readonly askedAtMs: number;
  /** When it could. In between ran what cannot be interrupted: a native call or a collection. */
  readonly mark: Mark;
  /** Whose code was running; undefined for no handler's. */
  readonly run: GuardedRun | undefined;
  /** Whether that run was over already. */
  readonly isLeftover: boolean;
  /** How many runs the process had begun by then. */
  readonly begun: number;
  readonly trace: Trace;
}

/**
 * A time in which the event loop was held and only one run was seen, or none and none began: one piece of code, for all that is
 * known. The longer, the surer.
 */
export class Stretch {
  private last: Sighting;

  constructor(
    private readonly hold: StretchHold,
    private readonly from: Mark,
    private readonly first: Sighting,
  ) {
    this.last = first;
  }

  get run(): GuardedRun | undefined {
    return this.first.run;
  }

  get isLeftover(): boolean {
    return this.first.isLeftover;
  }

  /** By the clock. */
  get lengthMs(): number {
    return this.last.mark.atMs - this.from.atMs;
  }

  /** Takes `sighting` in if it shows the same. */
  goOnWith(sighting: Sighting): boolean {
    const { run, isLeftover, begun } = sighting;
    const isSame =
      run === this.run && isLeftover === this.isLeftover && (run !== undefined || begun === this.first.begun);
    if (isSame) this.last = sighting;
    return isSame;
  }

  /** What to tell of it; undefined when less than `guardMs` of it was own time, or when it was a crowd and not one piece of code. */
  async report(guardMs: number): Promise<BlockReport | undefined> {
    const { run, first, last, hold } = this;
    const blockedMs = await hold.ownTime.between(this.from, last.mark);
    if (blockedMs < guardMs) return undefined;
    const earlier = framesOf(first.trace);
    const later = framesOf(last.trace);
    if (run === undefined && first !== last && !shareAPlace(earlier, later)) return undefined;
    const blocking = blockingFrame(earlier, later);
    return {
      runId: run?.runId,
      worker: run?.worker,
      messageId: run?.messageId,
      blockedMs,
      heldMs: hold.heldMs,
      location: blocking?.location,
      functionName: blocking?.functionName,
      stack: later.map(({ text }) => text),
    };
  }
}

/** What a stretch needs of the hold it lies in. */
export interface StretchHold {
  readonly ownTime: OwnTime;
  readonly heldMs: number;
}

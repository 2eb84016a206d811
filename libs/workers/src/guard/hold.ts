import type { BlockReport } from './block.report.js';
import type { GuardedRun } from './guarded.run.js';
import { type Mark, nowMs, type OwnTime } from './own.time.js';
import { type Sighting, Stretch, type StretchHold } from './stretch.js';

/**
 * A hold: from a heartbeat that did not come to the next one that did. All the while the event loop did not turn; the question is
 * whose doing that was.
 *
 * States: open, and sightings are added; closed, when the event loop turns again.
 *
 * One sighting proves nothing. It shows who ran when a long collection was over, or when the scheduler came back, or by chance among
 * a thousand short handlers. Proof is a stretch: the same run every time, and `guardMs` of own time from the first to the last.
 * Without such a proof nobody is named, and something is told only if it was one piece of code: sightings of no handler with a
 * function in common, or a native call that let nobody look. A crowd of short handlers is not told of at all.
 *
 * Invariant: a run that blocks knows it before its code goes on, so its verdict is ready whenever it ends.
 */
export class Hold implements StretchHold {
  private current: Stretch | undefined;
  private readonly named = new Map<Stretch, GuardedRun>();
  private longestOfNobody: Stretch | undefined;
  private longestWait: Stretch | undefined;
  private closedAtMs: number | undefined;

  constructor(
    readonly ownTime: OwnTime,
    private readonly dueAtMs: number,
    private lastMark: Mark,
  ) {}

  get heldMs(): number {
    return (this.closedAtMs ?? nowMs()) - this.dueAtMs;
  }

  /** Takes note. This happens between two instructions of the code that is seen, so all else is left for later. */
  see(sighting: Sighting): void {
    const askedAt: Mark = { atMs: sighting.askedAtMs, lostMs: this.lastMark.lostMs };
    this.longestWait = longer(this.longestWait, new Stretch(this, askedAt, { ...sighting, run: undefined }));
    this.lastMark = sighting.mark;
    if (this.current?.goOnWith(sighting) !== true) this.current = new Stretch(this, sighting.mark, sighting);
    this.weigh(this.current, sighting.run);
  }

  /** The event loop turns again: tells what no run's end tells. */
  async close(atMs: number, guardMs: number, tell: (report: BlockReport) => void): Promise<void> {
    this.closedAtMs = atMs;
    let isProved = false;
    for (const [stretch, run] of this.named) {
      const report = await stretch.report(run.guardMs);
      if (report === undefined) continue;
      isProved = true;
      if (stretch.isLeftover) run.leftBehind(report);
    }
    if (isProved) return;
    const report = (await this.longestOfNobody?.report(guardMs)) ?? (await this.longestWait?.report(guardMs));
    if (report !== undefined) tell(report);
  }

  private weigh(stretch: Stretch, run: GuardedRun | undefined): void {
    if (run === undefined) this.longestOfNobody = longer(this.longestOfNobody, stretch);
    else if (stretch.lengthMs >= run.guardMs) {
      this.named.set(stretch, run);
      if (!stretch.isLeftover) run.wasSeen(stretch);
    }
  }
}

function longer(one: Stretch | undefined, other: Stretch): Stretch {
  return one === undefined || one.lengthMs < other.lengthMs ? other : one;
}

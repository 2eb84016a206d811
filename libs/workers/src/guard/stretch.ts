import type { BlockReport } from './block.report.js';
import type { GuardedRun } from './guarded.run.js';
import type { Mark, OwnTime } from './own.time.js';
import { blockingFrame, framesOf, type InCommon, longestInCommon, type Trace } from './stack.js';

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

/** More sightings than this are thinned out. Each costs time to read, and a long stretch is clear enough with a few. */
const SIGHTINGS_KEPT = 16;

/** A time in which the event loop was held and only one run was seen, or none and none began. The longer, the surer. */
export class Stretch {
  private sightings: Sighting[] = [];

  constructor(
    private readonly hold: StretchHold,
    private readonly from: Mark,
    private readonly first: Sighting,
  ) {
    this.sightings.push(first);
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
    const { run, isLeftover, begun } = this.first;
    const isSame =
      sighting.run === run && sighting.isLeftover === isLeftover && (run !== undefined || sighting.begun === begun);
    if (isSame) this.add(sighting);
    return isSame;
  }

  /** What to tell of it: undefined when less than `guardMs` of it was own time, or when it was nobody's and no one piece of code. */
  async report(guardMs: number): Promise<BlockReport | undefined> {
    const { run } = this.first;
    const traces = this.sightings.map(({ trace }) => framesOf(trace));
    const common = longestInCommon(traces);
    const blockedMs = await (run === undefined && this.sightings.length > 1 ? this.ownMsOf(common) : this.ownMs());
    if (blockedMs < guardMs) return undefined;
    const stack = traces[common.last] ?? [];
    const blocking = blockingFrame(stack, common.places);
    return {
      runId: run?.runId,
      worker: run?.worker,
      messageId: run?.messageId,
      blockedMs,
      heldMs: this.hold.heldMs,
      location: blocking?.location,
      functionName: blocking?.functionName,
      stack: stack.map(({ text }) => text),
    };
  }

  private get last(): Sighting {
    return this.sightings.at(-1) ?? this.first;
  }

  private add(sighting: Sighting): void {
    if (this.sightings.length === SIGHTINGS_KEPT) this.sightings = this.sightings.filter((_, index) => index % 2 === 0);
    this.sightings.push(sighting);
  }

  private ownMs(): Promise<number> {
    return this.hold.ownTime.between(this.from, this.last.mark);
  }

  private ownMsOf({ first, last }: InCommon): Promise<number> {
    const [from = this.first, to = this.first] = [this.sightings[first], this.sightings[last]];
    return this.hold.ownTime.between(from.mark, to.mark);
  }
}

/** What a stretch needs of the hold it lies in. */
export interface StretchHold {
  readonly ownTime: OwnTime;
  readonly heldMs: number;
}

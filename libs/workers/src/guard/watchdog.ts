import { inside } from '../lifecycle/inside.js';
import type { BlockReport } from './block.report.js';
import { GuardedRun } from './guarded.run.js';
import { Heartbeat, type HeartbeatOwner, isInspected } from './heartbeat.js';
import { Hold } from './hold.js';
import { OwnTime } from './own.time.js';
import { traceBelow } from './stack.js';
import { type WatchState, WatchdogThread } from './watchdog.thread.js';

/** A guard as the watchdog sees it. */
export interface WatchedGuard {
  readonly guardMs: number;
  /** Whether it wants more than a heartbeat. */
  readonly isWatched: boolean;
  /** Whether a handler is in flight. */
  readonly isBusy: boolean;
  /** How many runs it has begun. */
  readonly begun: number;
  report(report: BlockReport): void;
}

/**
 * What all guards of a process share: one heart, one thread that watches it, one account of lost time.
 *
 * States: made with the first guard, which starts what it needs; `release` of the last guard ends it, and it is not used again.
 */
export class Watchdog implements HeartbeatOwner {
  readonly ownTime = new OwnTime();
  private readonly heartbeat = new Heartbeat(this);
  private readonly guards = new Set<WatchedGuard>();
  private hold: Hold | undefined;

  private readonly look = (askedAtMs: number): void => {
    if (askedAtMs < this.heartbeat.last.atMs || isInspected()) return;
    const mark = this.ownTime.mark();
    const code = inside.getStore();
    const run = code instanceof GuardedRun ? code : undefined;
    this.hold ??= new Hold(this.ownTime, this.heartbeat.last.atMs + this.heartbeat.intervalMs, this.heartbeat.last);
    this.hold.see({
      askedAtMs,
      mark,
      run,
      isLeftover: run?.isOver === true,
      begun: this.begun,
      trace: traceBelow(this.look),
    });
    this.ownTime.looked(mark);
  };

  private readonly thread = new WatchdogThread(this.heartbeat.cells, this.look);

  get state(): WatchState {
    return this.thread.state;
  }

  retain(guard: WatchedGuard): void {
    this.guards.add(guard);
    this.heartbeat.pace(this.strictestMs);
    if (guard.isWatched) this.thread.start();
  }

  /** True when that was the last one, and all is over. */
  release(guard: WatchedGuard): boolean {
    this.guards.delete(guard);
    if (this.guards.size > 0) {
      this.heartbeat.pace(this.strictestMs);
      return false;
    }
    this.heartbeat.stop();
    this.thread.stop();
    this.ownTime.close();
    return true;
  }

  /** A handler is entered while none was in flight. */
  wake(): void {
    this.heartbeat.start();
  }

  /** The own time of a segment that ended just now. Where the queue cannot be asked about its start, the last beat stands in. */
  ownMs(startedAtMs: number, endedAtMs: number): Promise<number> {
    const from = { atMs: startedAtMs, lostMs: this.heartbeat.last.lostMs };
    return this.ownTime.between(from, { atMs: endedAtMs, lostMs: this.ownTime.mark().lostMs });
  }

  wanted(): 'watch' | 'beat' | 'nothing' {
    let wanted: 'beat' | 'nothing' = 'nothing';
    for (const { isBusy, isWatched } of this.guards) {
      if (isBusy && isWatched) return 'watch';
      if (isBusy) wanted = 'beat';
    }
    return wanted;
  }

  beaten(): void {
    const { hold } = this;
    if (hold === undefined) return;
    this.hold = undefined;
    void hold.close(this.heartbeat.last.atMs, this.strictestMs ?? Infinity, (report) => this.tell(report));
  }

  private get begun(): number {
    let begun = 0;
    for (const guard of this.guards) begun += guard.begun;
    return begun;
  }

  /** What the strictest watched guard allows. */
  private get strictestMs(): number | undefined {
    const watched = [...this.guards].filter(({ isWatched }) => isWatched);
    return watched.length === 0 ? undefined : Math.min(...watched.map(({ guardMs }) => guardMs));
  }

  /** Nobody is named, so everybody is told who may have to do with it. */
  private tell(report: BlockReport): void {
    for (const guard of this.guards) if (guard.isWatched && report.blockedMs >= guard.guardMs) guard.report(report);
  }
}

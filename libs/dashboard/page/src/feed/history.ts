import { type Point, pointBetween } from './point.js';
import type { Snapshot } from './wire.js';

/** How far the curves reach back. */
export const REACH_MS = 5 * 60_000;
/** How close two points of a curve may lie; snapshots may come more often. */
const SPACING_MS = 950;

/**
 * The last minutes, as points of curves. Whole snapshots would be megabytes with many workers; only the latest two are held.
 *
 * It begins anew when the snapshots come from another process than before: its counters are other counters.
 */
export class History {
  private kept: Point[] = [];
  private before: Snapshot | undefined;

  constructor(private readonly boundsMs: readonly number[]) {}

  /** The oldest first. */
  get points(): readonly Point[] {
    return this.kept;
  }

  get latest(): Point | undefined {
    return this.kept.at(-1);
  }

  /** Whether a snapshot of this moment would become a point. */
  wants(atMs: number): boolean {
    return this.before === undefined || Math.abs(atMs - this.before.at) >= SPACING_MS;
  }

  add(snapshot: Snapshot): void {
    const { before } = this;
    const isSameLife =
      before !== undefined && before.host.pid === snapshot.host.pid && before.host.name === snapshot.host.name;
    if (!isSameLife) this.kept = [];
    else if (!this.wants(snapshot.at)) return;
    else this.kept.push(pointBetween(before, snapshot, this.boundsMs));
    this.before = snapshot;
    const oldest = this.kept.findIndex(({ at }) => at >= snapshot.at - REACH_MS);
    if (oldest > 0) this.kept.splice(0, oldest);
  }
}

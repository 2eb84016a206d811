import { type Point, pointBetween } from './point.js';
import type { Snapshot } from './wire.js';

/** How far the curves reach back. */
export const REACH_MS = 5 * 60_000;
/** How close two points of a curve may lie; snapshots may come more often. */
const SPACING_MS = 950;

/**
 * The last minutes, as points of curves. Whole snapshots would be megabytes with many workers; only the latest two are held.
 *
 * It begins anew when the snapshots come from another process than before: its counters are other counters. In a container the next process
 * has the name and the number of the one before, and has not been up for as long.
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
    if (before === undefined || !isOfOneLife(before, snapshot)) this.kept = [];
    else if (!this.wants(snapshot.at)) return;
    else this.kept.push(pointBetween(before, snapshot, this.boundsMs));
    this.before = snapshot;
    const oldest = this.kept.findIndex(({ at }) => at >= snapshot.at - REACH_MS);
    if (oldest > 0) this.kept.splice(0, oldest);
  }
}

/** Two snapshots may overtake each other on their way, by less than a second. */
function isOfOneLife({ host: before }: Snapshot, { host: now }: Snapshot): boolean {
  return isOfOneProcess(before, now) && now.uptimeSeconds >= before.uptimeSeconds - 1;
}

export function isOfOneProcess(one: Snapshot['host'], other: Snapshot['host']): boolean {
  return one.pid === other.pid && one.name === other.name;
}

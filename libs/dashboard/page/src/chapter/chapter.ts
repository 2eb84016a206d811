import type { Point } from '../feed/point.js';
import type { Happening, House, Snapshot } from '../feed/wire.js';

/** Everything that is known at one instant. */
export interface Now {
  readonly house: House;
  readonly snapshot: Snapshot;
  /** The last minutes, the oldest first; empty at the beginning. */
  readonly points: readonly Point[];
  /** The latest of them. */
  readonly point: Point | undefined;
  readonly happenings: readonly Happening[];
}

/** One thing the page can show. It is made when somebody goes there, and gone when he leaves. */
export interface Chapter {
  readonly title: string;
  readonly root: HTMLElement;
  /** Shows what changed. Called once for a frame at most. */
  show(now: Now): void;
}

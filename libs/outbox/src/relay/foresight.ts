/** What a source claims in advance is what its worker begins in so many milliseconds. */
const AHEAD_MS = 5;
/** However fast it is. */
const MOST_AHEAD = 500;

/**
 * How many messages a host claims before its worker has a place for them, so that the worker need not wait for the store.
 *
 * A number stays what it is. `auto` follows the worker: what it begins in a few milliseconds lies ready for it, which is hundreds where
 * handlers take microseconds, and none where they take seconds; then messages are left to whichever host is free first.
 */
export class Foresight {
  /** How many messages are worth being claimed in advance. */
  ahead: number;
  private begun = 0;
  private hasMoved = true;
  private measuredAtMs: number;

  constructor(
    private readonly prefetch: number | 'auto',
    private readonly nowMs: () => number,
  ) {
    this.ahead = prefetch === 'auto' ? 0 : prefetch;
    this.measuredAtMs = nowMs();
  }

  /** A message went to the worker. */
  began(): void {
    this.begun++;
    this.hasMoved = true;
  }

  /** Looks at how many there were since it last did. */
  measure(): void {
    const now = this.nowMs();
    const passedMs = now - this.measuredAtMs;
    if (this.prefetch !== 'auto' || passedMs === 0) return;
    if (passedMs > 0) this.ahead = Math.min(MOST_AHEAD, Math.floor((this.begun / passedMs) * AHEAD_MS));
    this.measuredAtMs = now;
    this.begun = 0;
  }

  /** Told now and then. When nothing has begun since, what was claimed in advance was claimed too early: true. */
  isInVain(): boolean {
    const isInVain = this.prefetch === 'auto' && !this.hasMoved;
    this.hasMoved = false;
    if (isInVain) this.ahead = 0;
    return isInVain;
  }
}

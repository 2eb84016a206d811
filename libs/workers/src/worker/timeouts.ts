import { Alarm } from '../lifecycle/alarm.js';
import type { Clock } from '../lifecycle/clock.js';
import type { Lane } from './lane.js';

/**
 * The timeouts of one worker's handlers.
 *
 * Handlers come and go faster than anything could be set and cleared for each. So nothing is: a lane notes when its handler is due, and
 * one alarm, set for the oldest, has all lanes looked at.
 *
 * Promises: a lane expires once, never early, at most about two milliseconds late on a free event loop.
 */
export class Timeouts {
  private readonly alarm: Alarm;

  constructor(
    private readonly clock: Clock,
    private readonly timeoutMs: number,
    private readonly lanes: Iterable<Lane>,
  ) {
    this.alarm = new Alarm(clock, () => this.look());
  }

  /** The handler of `lane` is entered. */
  entered(lane: Lane): void {
    lane.dueAt = lane.clockedAt + this.timeoutMs;
    this.alarm.want(this.timeoutMs);
  }

  /** No handler is in flight. */
  rest(): void {
    this.alarm.rest();
  }

  /** Keeps no timer when no handler is in flight. */
  close(): void {
    this.alarm.close();
  }

  private look(): number | undefined {
    const now = this.clock.now();
    let next = Number.POSITIVE_INFINITY;
    for (const lane of this.lanes) {
      if (lane.state !== 'busy') continue;
      if (lane.dueAt <= now) lane.expire();
      else next = Math.min(next, lane.dueAt);
    }
    return Number.isFinite(next) ? next - now : undefined;
  }
}

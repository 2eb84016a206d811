import type { Clock, Timer } from '../lifecycle/clock.js';
import { type Duration, toMs } from '../lifecycle/duration.js';
import { shown } from '../workers.error.js';

/**
 * A clock that stands until a test moves it: give it to the module as `clock`, and timeouts, deadlines, tickers and cron wait for the
 * test instead of for time.
 *
 * Promises: what falls due is called in the order of its time, at its time (`now` and `wall` say so), and what follows from it without
 * threads or sockets has happened before the next is called.
 * Does not promise: to hold `setTimeout` or `Date.now` in your own code.
 *
 * @example
 * const clock = new HeldClock('2026-03-01T00:00:00Z');
 * await clock.advance('5m');
 */
export class HeldClock implements Clock {
  private heldAt = 0;
  private readonly startedAt: number;
  /** By due time; those of one time in the order in which they were set. */
  private readonly timers: HeldTimer[] = [];

  /** @param start what `wall` says first */
  constructor(start: Date | string | number = '2026-01-01T00:00:00.000Z') {
    this.startedAt = wallMs(start);
  }

  now(): number {
    return this.heldAt;
  }

  at(): number {
    return this.heldAt;
  }

  wall(): number {
    return this.startedAt + this.heldAt;
  }

  after(delayMs: number, due: () => void): Timer {
    const timer = { dueAt: this.heldAt + Math.max(0, delayMs), due };
    const before = this.timers.findLastIndex(({ dueAt }) => dueAt <= timer.dueAt);
    this.timers.splice(before + 1, 0, timer);
    return { cancel: () => this.remove(timer), hold: () => {} };
  }

  /** How many timers wait. */
  get pending(): number {
    return this.timers.length;
  }

  /** Moves time on by `span`, and resolves when everything that fell due on the way has been called and has settled. */
  async advance(span: Duration): Promise<void> {
    const spanMs = toMs(span);
    if (spanMs === undefined)
      throw new TypeError(`advance: expected a duration such as 250 or '5m', got ${shown(span)}.`);
    await this.moveTo(this.heldAt + spanMs);
  }

  /** The same, up to a moment of the wall clock. */
  async advanceTo(moment: Date | string | number): Promise<void> {
    const target = wallMs(moment) - this.startedAt;
    if (target < this.heldAt) {
      const [asked, found] = [target + this.startedAt, this.wall()].map((ms) => new Date(ms).toISOString());
      throw new RangeError(`advanceTo: asked for ${asked}, and it is ${found} already. Time does not go back.`);
    }
    await this.moveTo(target);
  }

  private async moveTo(target: number): Promise<void> {
    await settled();
    for (let first = this.timers[0]; first !== undefined && first.dueAt <= target; first = this.timers[0]) {
      this.heldAt = first.dueAt;
      this.timers.shift();
      first.due();
      await settled();
    }
    this.heldAt = target;
  }

  private remove(timer: HeldTimer): void {
    const index = this.timers.indexOf(timer);
    if (index >= 0) this.timers.splice(index, 1);
  }
}

interface HeldTimer {
  readonly dueAt: number;
  readonly due: () => void;
}

function wallMs(moment: Date | string | number): number {
  const ms = new Date(moment).getTime();
  if (Number.isNaN(ms)) throw new TypeError(`HeldClock: expected a date, got ${shown(moment)}.`);
  return ms;
}

/**
 * A few rounds of the event loop, each of which empties the microtask queue on its way: a runner on a busy machine gives the event loop
 * back after each message.
 */
async function settled(): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) await new Promise<void>((resolve) => setImmediate(resolve));
}

const ROUNDS = 5;

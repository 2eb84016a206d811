import { Ring } from '../channel/ring.js';
import { Alarm } from './alarm.js';
import type { Clock } from './clock.js';

/**
 * Many deadlines on few timers.
 *
 * Deadlines of one length fall due in the order in which they were set, so each length has one queue and one alarm that waits for its
 * head. Setting a deadline is a push, clearing it a mark, and no timer is touched, which is what makes a timeout on every request
 * affordable (a `setTimeout` with its `clearTimeout` costs about 280 ns).
 *
 * Promises: `expire` is called once, never early, at most about two milliseconds late on a free event loop, and never after `remove`.
 * A line in which something waits keeps the process alive; another one does not, from the next turn of the event loop on.
 */
export class Deadlines {
  private readonly lines = new Map<number, DeadlineLine>();
  /** Lengths whose lines somebody keeps. */
  private readonly kept = new Set<number>();

  constructor(private readonly clock: Clock) {}

  /** The line for deadlines of one length, for whoever keeps it. */
  keep(durationMs: number): DeadlineLine {
    this.kept.add(durationMs);
    return this.line(durationMs);
  }

  /** The line for deadlines of one length, for one of them: it is gone when nothing waits in it any more, where there are many lines. */
  line(durationMs: number): DeadlineLine {
    const known = this.lines.get(durationMs);
    if (known !== undefined) return known;
    const line: DeadlineLine = new DeadlineLine(this.clock, durationMs, () => this.forget(durationMs, line));
    this.lines.set(durationMs, line);
    return line;
  }

  /** Keeps no timer for lines in which nothing waits. */
  close(): void {
    for (const line of this.lines.values()) line.close();
  }

  /** An idle line costs little, and is kept while there are few: most applications know two or three lengths. */
  private forget(durationMs: number, line: DeadlineLine): void {
    if (this.lines.size <= KEPT_LINES || this.kept.has(durationMs)) return;
    line.close();
    // Another one may stand in its place since.
    if (this.lines.get(durationMs) === line) this.lines.delete(durationMs);
  }
}

const KEPT_LINES = 16;

/** Something that falls due. */
export interface Deadline {
  /** The line it waits in; undefined while it waits in none. */
  line: DeadlineLine | undefined;
  dueAt: number;
  /** Called when the deadline has passed, `durationMs` after it was set. Must not throw. */
  expire(durationMs: number): void;
}

/** As many that were cleared may stay in a line, beside as many as wait there, before it is tidied. */
const SPARE = 16;

/** Deadlines of one length, in the order in which they fall due. */
export class DeadlineLine {
  private readonly queue = new Ring<Deadline>();
  /** How many in the queue were not cleared. */
  private waiting = 0;
  private readonly alarm: Alarm;

  constructor(
    private readonly clock: Clock,
    private readonly durationMs: number,
    private readonly onIdle: () => void,
  ) {
    this.alarm = new Alarm(clock, () => this.sweep());
  }

  /** Sets `deadline` to expire one duration from `now`. It may be set again when it has expired, not when it was removed. */
  set(deadline: Deadline, now: number): void {
    deadline.line = this;
    // A whole number is kept in the object itself, any other in one of its own.
    deadline.dueAt = Math.ceil(now + this.durationMs);
    if (this.queue.size > 2 * this.waiting + SPARE) this.tidy();
    this.queue.push(deadline);
    // Whoever waits already is due before.
    if (this.waiting++ === 0) this.alarm.want(this.durationMs);
  }

  remove(deadline: Deadline): void {
    this.leave(deadline);
    if (this.waiting === 0) this.onIdle();
  }

  private leave(deadline: Deadline): void {
    deadline.line = undefined;
    if (--this.waiting > 0) return;
    while (this.queue.shift() !== undefined);
    this.alarm.rest();
  }

  close(): void {
    this.alarm.close();
  }

  /** Those who waited longest have their answers first, as a rule: then it is enough to drop them, and nothing is moved. */
  private tidy(): void {
    this.queue.dropWhile((first) => first.line !== this);
    if (this.queue.size <= 2 * this.waiting) return;
    for (let left = this.queue.size; left > 0; left--) {
      const next = this.queue.shift() as Deadline;
      if (next.line === this) this.queue.push(next);
    }
  }

  /** Expires what is due; returns in how many milliseconds the next one is. */
  private sweep(): number | undefined {
    const now = this.clock.now();
    let first = this.queue.peek();
    for (; first !== undefined && (first.line !== this || first.dueAt <= now); first = this.queue.peek()) {
      this.queue.shift();
      if (first.line !== this) continue;
      this.leave(first);
      first.expire(this.durationMs);
    }
    if (first === undefined) this.onIdle();
    return first === undefined ? undefined : first.dueAt - now;
  }
}

import type { Clock, Timer } from './clock.js';

/**
 * Many deadlines on few timers.
 *
 * Deadlines of one length fall due in the order in which they were set, so each length has one line and one timer that waits for the
 * head of the line. Setting and clearing a deadline costs a few pointer writes and no timer call, which is what makes a timeout on
 * every message affordable (a `setTimeout` with its `clearTimeout` costs about 280 ns).
 *
 * Promises: `expire` is called once, never early, at most about a millisecond late on a free event loop, and never after `remove`.
 * A line that holds something keeps the process alive; an empty one does not.
 */
export class Deadlines {
  private readonly lines = new Map<number, DeadlineLine>();

  constructor(private readonly clock: Clock) {}

  /** The line for deadlines of one length. Whoever sets many of a length keeps it. */
  line(durationMs: number): DeadlineLine {
    let line = this.lines.get(durationMs);
    if (line === undefined) {
      line = new DeadlineLine(this.clock, durationMs, () => this.forget(durationMs));
      this.lines.set(durationMs, line);
    }
    return line;
  }

  /** An idle line costs little, and is kept while there are few: most applications know two or three lengths. */
  private forget(durationMs: number): void {
    if (this.lines.size > KEPT_LINES) this.lines.delete(durationMs);
  }
}

const KEPT_LINES = 16;

/** Something that falls due. Its links belong to the line it stands in; they start as undefined. */
export interface Deadline {
  line: DeadlineLine | undefined;
  before: Deadline | undefined;
  after: Deadline | undefined;
  dueAt: number;
  /** Called when the deadline has passed. Must not throw. */
  expire(): void;
}

/** Deadlines of one length, in the order in which they fall due. */
export class DeadlineLine {
  private head: Deadline | undefined;
  private tail: Deadline | undefined;
  private timer: Timer | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly durationMs: number,
    private readonly onIdle: () => void,
  ) {}

  /** Sets `deadline` to expire one duration from `now`. A deadline stands in one line at a time. */
  set(deadline: Deadline, now: number): void {
    deadline.line = this;
    deadline.dueAt = now + this.durationMs;
    const { tail } = this;
    this.tail = deadline;
    if (tail !== undefined) {
      deadline.before = tail;
      tail.after = deadline;
      return;
    }
    this.head = deadline;
    if (this.timer === undefined) this.arm(this.durationMs);
    else this.timer.hold(true);
  }

  remove(deadline: Deadline): void {
    const { before, after } = deadline;
    if (before === undefined) this.head = after;
    else before.after = after;
    if (after === undefined) this.tail = before;
    else after.before = before;
    deadline.line = undefined;
    deadline.before = undefined;
    deadline.after = undefined;
    if (this.head === undefined) this.timer?.hold(false);
  }

  private arm(delayMs: number): void {
    this.timer = this.clock.after(delayMs, () => this.sweep());
  }

  private sweep(): void {
    this.timer = undefined;
    const now = this.clock.now();
    for (let first = this.head; first !== undefined && first.dueAt <= now; first = this.head) {
      this.remove(first);
      first.expire();
    }
    if (this.head === undefined) this.onIdle();
    else if (this.timer === undefined) this.arm(Math.max(1, Math.ceil(this.head.dueAt - now)));
  }
}

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock, Timer } from './clock.js';

/** Where nobody's asynchronous context is: a timer would keep that of whoever set it first, and ring in it for all. */
const nowhere = AsyncLocalStorage.snapshot() as <R>(work: () => R) => R;

/**
 * One timer for many who wait.
 *
 * It is set by the first who wants it and then left alone, because to set, hold or release a timer costs as much as a message. So it
 * may ring too early, and whoever it wakes looks who is due.
 *
 * Promises: rings within the time of the first `want` and of its own answer. Keeps the process alive while it is wanted, and until the
 * event loop turns after that: somebody nearly always wants it again before.
 */
export class Alarm {
  private timer: Timer | undefined;
  private isWanted = false;
  private isHolding = false;
  private isLettingGo = false;

  constructor(
    private readonly clock: Clock,
    /** Called when it rings; answers in how many milliseconds it is to ring again. Must not throw. */
    private readonly ring: () => number | undefined,
  ) {}

  /** Somebody waits who is due in `delayMs`, later than all who wait already. */
  want(delayMs: number): void {
    this.isWanted = true;
    if (!this.isHolding) this.hold(delayMs);
  }

  /** Lets go of its timer, and so of all that this keeps in memory, unless somebody waits. */
  close(): void {
    if (this.isWanted) return;
    this.timer?.cancel();
    this.timer = undefined;
    this.isHolding = false;
  }

  private hold(delayMs: number): void {
    this.isHolding = true;
    if (this.timer === undefined) this.set(delayMs);
    else this.timer.hold(true);
  }

  /** Nobody waits any more. */
  rest(): void {
    this.isWanted = false;
    if (this.isLettingGo) return;
    this.isLettingGo = true;
    setImmediate(this.letGo);
  }

  private set(delayMs: number): void {
    this.timer = nowhere(() => this.clock.after(Math.max(1, Math.ceil(delayMs)), this.due));
  }

  private readonly due = (): void => {
    const nextMs = this.ring();
    this.timer = undefined;
    this.isHolding = nextMs !== undefined;
    if (nextMs !== undefined) this.set(nextMs);
  };

  private readonly letGo = (): void => {
    this.isLettingGo = false;
    if (this.isWanted || !this.isHolding) return;
    this.isHolding = false;
    this.timer?.hold(false);
  };
}

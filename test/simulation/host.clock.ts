import type { Clock, Timer } from '../../libs/workers/src/lifecycle/clock.js';

interface Due {
  readonly dueAt: number;
  readonly due: () => void;
}

/** The clock of one host: it stands, passes and jumps as the simulation says, and calls one timer at a time. */
export class HostClock implements Clock {
  private timers: Due[] = [];

  constructor(
    private nowMs: number,
    private readonly wallMs: () => number,
  ) {}

  now(): number {
    return this.nowMs;
  }

  at(): number {
    return this.nowMs;
  }

  wall(): number {
    return this.wallMs();
  }

  after(delayMs: number, due: () => void): Timer {
    const timer = { dueAt: this.nowMs + Math.max(0, delayMs), due };
    const before = this.timers.findLastIndex(({ dueAt }) => dueAt <= timer.dueAt);
    this.timers.splice(before + 1, 0, timer);
    return { cancel: () => (this.timers = this.timers.filter((one) => one !== timer)), hold: () => {} };
  }

  /** How long until the next timer is due: 0 when one is. */
  get untilDueMs(): number {
    return Math.max(0, (this.timers[0]?.dueAt ?? Infinity) - this.nowMs);
  }

  pass(ms: number): void {
    this.nowMs += ms;
  }

  callNext(): void {
    this.timers.shift()?.due();
  }
}

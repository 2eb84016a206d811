import { performance } from 'node:perf_hooks';

/**
 * What time it is and what is due later. The only door to time in this library: tickers, timeouts, request deadlines,
 * starvation checks and the stop deadline all go through it, so a test that holds the clock holds everything.
 *
 * Promises: `now` never goes backwards. Does not promise: that a timer fires early enough for less than a millisecond.
 */
export interface Clock {
  /** Milliseconds on a monotonic scale; only differences mean something. */
  now(): number;
  /** What a reading of `performance.now()` is on this clock; saves a second reading where one was taken anyway. */
  at(performanceNow: number): number;
  /** Milliseconds since 1970, for people and for cron. */
  wall(): number;
  /** Calls `due` once, `delayMs` from now. A timer keeps the process alive until it is cancelled, fired or let go. */
  after(delayMs: number, due: () => void): Timer;
}

export interface Timer {
  /** Forgets the call; harmless when it was made already. */
  cancel(): void;
  /** Whether this timer keeps the process alive. */
  hold(isHolding: boolean): void;
}

/** Node allows delays of 2^31 - 1 ms; a longer wait is done in legs. */
const LONGEST_LEG_MS = 2 ** 31 - 1;

/** The machine's own time. */
export class SystemClock implements Clock {
  now(): number {
    return performance.now();
  }

  at(performanceNow: number): number {
    return performanceNow;
  }

  wall(): number {
    return Date.now();
  }

  after(delayMs: number, due: () => void): Timer {
    let isHolding = true;
    let handle: NodeJS.Timeout;
    const leg = (leftMs: number): void => {
      handle = setTimeout(
        () => (leftMs > LONGEST_LEG_MS ? leg(leftMs - LONGEST_LEG_MS) : due()),
        Math.min(leftMs, LONGEST_LEG_MS),
      );
      if (!isHolding) handle.unref();
    };
    leg(delayMs);
    return {
      cancel: () => clearTimeout(handle),
      hold: (holds) => {
        isHolding = holds;
        if (holds) handle.ref();
        else handle.unref();
      },
    };
  }
}

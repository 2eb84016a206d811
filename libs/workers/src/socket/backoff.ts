import { shown } from '../workers.error.js';

export interface BackoffOptions {
  /**
   * The wait after the first attempt, in milliseconds; each further one is twice as long.
   * @default 100
   */
  readonly baseMs?: number;
  /**
   * What the doubling ends at, in milliseconds.
   * @default 5000
   */
  readonly maxMs?: number;
  /**
   * What chance adds at most, in milliseconds, so that many that failed together do not come back together.
   * @default 100
   */
  readonly jitterMs?: number;
  /** A number from 0 up to 1; `Math.random` by default. */
  readonly random?: () => number;
}

/** Beyond this power a number is infinite, and infinitely many times nothing is not nothing. */
const LARGEST_POWER = 1_023;

/**
 * How long to wait after attempt number `attempt`, counted from 0, in milliseconds: `min(base x 2^attempt, max) + jitter` (seed 002).
 *
 * @throws RangeError A number that is negative, infinite or none.
 */
export function backoffMs(
  attempt: number,
  { baseMs = 100, maxMs = 5_000, jitterMs = 100, random = Math.random }: BackoffOptions = {},
): number {
  for (const [name, given] of Object.entries({ attempt, baseMs, maxMs, jitterMs })) {
    if (Number.isFinite(given) && given >= 0) continue;
    throw new RangeError(`backoffMs: expected ${name} to be a finite number from 0 up, got ${shown(given)}.`);
  }
  return Math.min(baseMs * 2 ** Math.min(attempt, LARGEST_POWER), maxMs) + random() * jitterMs;
}

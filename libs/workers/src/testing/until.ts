import { performance } from 'node:perf_hooks';
import { type Duration, toMs } from '../lifecycle/duration.js';
import { shown } from '../workers.error.js';
import { WaitedTooLongError } from './testing.errors.js';

/** Less than the 5 s after which test runners give up without a word of what was waited for. */
export const DEFAULT_LIMIT: Duration = '4s';

// Kept from before a test runner may put its fake timers in their place.
const { setImmediate, setTimeout } = globalThis;
const now = performance.now.bind(performance);

/** How often a condition is looked at in every turn of the event loop, before it is looked at every millisecond. */
const EAGER_LOOKS = 100;

/**
 * Waits until `condition` holds: for a fact, not for a time.
 *
 * @param limit how long at most, in real time
 * @param what what is waited for, for the error; its own text by default
 * @throws WaitedTooLongError
 * @example
 * await until(() => gateway.stats().workers['ResizeWorker']?.inFlight === 2);
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  limit: Duration = DEFAULT_LIMIT,
  what: () => string = () => condition.toString(),
): Promise<void> {
  const limitMs = limitOf(limit);
  const startedAt = now();
  for (let looks = 1; !(await condition()); looks++) {
    if (now() - startedAt > limitMs) throw new WaitedTooLongError(limitMs, what());
    await (looks < EAGER_LOOKS ? turn() : pause(1));
  }
}

/** One turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A limit in milliseconds. */
export function limitOf(limit: Duration): number {
  const limitMs = toMs(limit);
  if (limitMs === undefined)
    throw new TypeError(`limit: expected a duration such as 250 or '4s', got ${shown(limit)}.`);
  return limitMs;
}

/** Calls `due` after `delayMs` of real time; the returned function forgets the call. */
export function alarm(delayMs: number, due: () => void): () => void {
  const timer = setTimeout(due, delayMs);
  return () => clearTimeout(timer);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

import type { Fault } from '@nestjs-workers/core';
import { type Duration, toMs } from '@nestjs-workers/core/extension';
import type { DeadLetterReason } from '../store/dead.letter.reason.js';

/** How long it is waited before the next attempt. */
export interface Backoff {
  /** Before the second attempt. @default '1s' */
  readonly delay?: Duration;
  /** By how much each further wait is longer. @default 2 */
  readonly factor?: number;
  /** No wait is longer. @default '5m' */
  readonly maxDelay?: Duration;
  /** `full`: anything from 0 to the wait, so that what failed together does not come back together. `equal`: from its half up. @default 'full' */
  readonly jitter?: 'none' | 'equal' | 'full';
}

/** How often, and when, a message that failed is tried again. */
export interface RetryOptions {
  /** How often its handler is entered at most, the first time included. @default 5 */
  readonly attempts?: number;
  /** A `Backoff`, or a function that gives the wait after `attempt` attempts. */
  readonly backoff?: Backoff | ((attempt: number, error: Error) => Duration);
  /** Asked for every failure that may be tried again; false makes it a dead letter at once. */
  readonly retryIf?: (error: Error, about: { readonly attempt: number }) => boolean;
}

export interface RetryPolicy {
  readonly attempts: number;
  readonly backoff: Required<{ readonly [K in keyof Backoff]: K extends 'delay' | 'maxDelay' ? number : Backoff[K] }>;
  readonly waitAfter: ((attempt: number, error: Error) => Duration) | undefined;
  readonly retryIf: RetryOptions['retryIf'];
}

/** What is to become of a message that failed. */
export type Verdict =
  { readonly type: 'retry'; readonly afterMs: number } | { readonly type: 'bury'; readonly reason: DeadLetterReason };

/**
 * The verdict on a failed attempt.
 *
 * A handler's own word comes first: `PermanentError` buries, `RetryableError({ afterMs })` says when. Then the count, then `retryIf`,
 * then the backoff: `min(delay x factor^(attempt - 1), maxDelay)` with jitter. (Full jitter after AWS, "Exponential Backoff and Jitter".)
 *
 * @param attempt how often the handler was entered
 * @param chance from 0 to 1
 */
export function verdictOn(policy: RetryPolicy, fault: Fault, attempt: number, chance: number): Verdict {
  if (!fault.retryable) return { type: 'bury', reason: 'permanent' };
  if (attempt >= policy.attempts) return { type: 'bury', reason: 'attempts' };
  const { error, retryAfterMs } = fault;
  if (policy.retryIf?.(error, { attempt }) === false) return { type: 'bury', reason: 'refused' };
  return { type: 'retry', afterMs: retryAfterMs ?? waitMs(policy, attempt, error, chance) };
}

function waitMs({ backoff, waitAfter }: RetryPolicy, attempt: number, error: Error, chance: number): number {
  if (waitAfter !== undefined) return toMs(waitAfter(attempt, error)) ?? backoff.delay;
  // Kept finite: nothing times infinity is not a number.
  const growth = Math.min(backoff.factor ** (attempt - 1), Number.MAX_VALUE);
  const longest = Math.min(backoff.delay * growth, backoff.maxDelay);
  const sure = { none: longest, equal: longest / 2, full: 0 }[backoff.jitter];
  return Math.round(sure + (longest - sure) * chance);
}

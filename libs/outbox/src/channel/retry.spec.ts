import { PermanentError, RetryableError } from '@nestjs-workers/core';
import type { Fault } from '@nestjs-workers/core/extension';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { thrownFault } from '@nestjs-workers/core/extension';
import { resolveDurableOptions } from './durable.options.js';
import { type RetryOptions, type RetryPolicy, verdictOn } from './retry.js';

function policy(retry: RetryOptions | number | false): RetryPolicy {
  const problems: string[] = [];
  const resolved = resolveDurableOptions('a', { retry }, problems).retry;
  expect(problems).toEqual([]);
  return resolved;
}

const FAULT: Fault = thrownFault(new Error('no'));

describe('the verdict on a failed attempt', () => {
  it('is another try, until the attempts are used up', () => {
    const three = policy({ attempts: 3, backoff: { jitter: 'none' } });
    const verdicts = [1, 2, 3, 4].map((attempt) => verdictOn(three, FAULT, attempt, 0));
    expect(verdicts).toEqual([
      { type: 'retry', afterMs: 1_000 },
      { type: 'retry', afterMs: 2_000 },
      { type: 'bury', reason: 'attempts' },
      { type: 'bury', reason: 'attempts' },
    ]);
  });

  it('is five attempts by default, a number of them where one is given, and one for false', () => {
    expect([policy({}), policy(7), policy(false)].map(({ attempts }) => attempts)).toEqual([5, 7, 1]);
  });

  it('believes what a handler says: never again, or not before', () => {
    const any = policy({ attempts: 2 });
    expect(verdictOn(any, thrownFault(new PermanentError('never')), 1, 0)).toEqual({
      type: 'bury',
      reason: 'permanent',
    });
    const later = thrownFault(new RetryableError('later', { afterMs: 77 }));
    expect(verdictOn(any, later, 1, 0.5)).toEqual({ type: 'retry', afterMs: 77 });
    expect(verdictOn(any, later, 2, 0.5)).toEqual({ type: 'bury', reason: 'attempts' });
  });

  it('asks `retryIf` with the error and the attempt, and not when there is nothing to ask', () => {
    const asked: unknown[] = [];
    const retryIf = (error: Error, { attempt }: { attempt: number }): boolean => {
      asked.push([error.message, attempt]);
      return attempt < 2;
    };
    const asking = policy({ attempts: 3, retryIf, backoff: { delay: 0 } });
    const verdicts = [1, 2, 3].map((attempt) => verdictOn(asking, FAULT, attempt, 0));
    expect(verdicts).toEqual([
      { type: 'retry', afterMs: 0 },
      { type: 'bury', reason: 'refused' },
      { type: 'bury', reason: 'attempts' },
    ]);
    verdictOn(asking, thrownFault(new PermanentError('never')), 1, 0);
    expect(asked).toEqual([
      ['no', 1],
      ['no', 2],
    ]);
  });

  it('takes the wait from a function where one is given, and the usual first wait where that says nothing sensible', () => {
    const own = policy({ backoff: (attempt, error) => `${attempt * error.message.length}s` as const });
    expect(verdictOn(own, FAULT, 3, 0)).toEqual({ type: 'retry', afterMs: 6_000 });
    const none = policy({ backoff: () => 'soon' as never });
    expect(verdictOn(none, FAULT, 1, 0)).toEqual({ type: 'retry', afterMs: 1_000 });
  });

  it('is no wait where none is asked for, however often it failed', () => {
    const eager = policy({ attempts: 5_000, backoff: { delay: 0, factor: 10 } });
    expect(verdictOn(eager, FAULT, 4_000, 0.5)).toEqual({ type: 'retry', afterMs: 0 });
  });

  it('is a wait between the bounds of its jitter, never longer than the longest, and a whole number', () => {
    const jitter = fc.constantFrom('none' as const, 'equal' as const, 'full' as const);
    fc.assert(
      fc.property(
        fc.record({
          delay: fc.nat(10_000),
          factor: fc.double({ min: 1, max: 10, noNaN: true }),
          maxDelay: fc.nat(100_000),
          jitter,
        }),
        fc.integer({ min: 1, max: 2_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (backoff, attempt, chance) => {
          const verdict = verdictOn(policy({ attempts: 2_001, backoff }), FAULT, attempt, chance);
          const longest = backoff.delay && Math.min(backoff.delay * backoff.factor ** (attempt - 1), backoff.maxDelay);
          const least = { none: longest, equal: longest / 2, full: 0 }[backoff.jitter];
          expect(verdict.type).toBe('retry');
          const { afterMs } = verdict as { afterMs: number };
          expect(Number.isInteger(afterMs)).toBe(true);
          expect(afterMs).toBeGreaterThanOrEqual(Math.floor(least));
          expect(afterMs).toBeLessThanOrEqual(Math.ceil(longest));
        },
      ),
    );
  });
});

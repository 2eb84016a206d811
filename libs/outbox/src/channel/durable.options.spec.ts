import { describe, expect, it } from 'vitest';
import { resolveDurableOptions } from './durable.options.js';

function resolved(given: object) {
  const problems: string[] = [];
  return { options: resolveDurableOptions('emails', given, problems), problems };
}

describe('the options of a durable channel', () => {
  it('have these defaults, frozen', () => {
    const { options, problems } = resolved({});
    expect(problems).toEqual([]);
    expect(options).toEqual({
      payload: undefined,
      lost: 'retry',
      prefetch: 'auto',
      keep: 0,
      retry: {
        attempts: 5,
        retryIf: undefined,
        waitAfter: undefined,
        backoff: { delay: 1_000, factor: 2, maxDelay: 300_000, jitter: 'full' },
      },
    });
    expect(Object.isFrozen(options)).toBe(true);
  });

  it('are read as they are meant', () => {
    const backoff = { delay: '2s', factor: 1.5, maxDelay: '1m', jitter: 'equal' };
    const { options, problems } = resolved({ retry: { attempts: 8, backoff }, lost: 'bury', prefetch: 3, keep: '1h' });
    expect(problems).toEqual([]);
    expect(options).toMatchObject({ lost: 'bury', prefetch: 3, keep: 3_600_000 });
    expect(options.retry).toMatchObject({ attempts: 8, backoff: { delay: 2_000, factor: 1.5, maxDelay: 60_000 } });
  });

  it.each([
    [{ retry: 0 }, ['channels.emails.retry', '0']],
    [{ retry: true }, ['channels.emails.retry', 'true']],
    [{ retry: { attempts: 0 } }, ['channels.emails.retry.attempts', '0']],
    [{ retry: { attempts: 1.5 } }, ['channels.emails.retry.attempts', '1.5']],
    [{ retry: { retryIf: 'always' } }, ['channels.emails.retry.retryIf', 'always']],
    [{ retry: { backoff: 5 } }, ['channels.emails.retry.backoff', '5']],
    [{ retry: { backoff: { factor: 0.5 } } }, ['channels.emails.retry.backoff.factor', '0.5']],
    [{ retry: { backoff: { factor: NaN } } }, ['channels.emails.retry.backoff.factor', 'NaN']],
    [{ retry: { backoff: { delay: 'soon' } } }, ['channels.emails.retry.backoff.delay', 'soon']],
    [{ retry: { backoff: { jitter: 'some' } } }, ['channels.emails.retry.backoff.jitter', 'some']],
    [{ retry: { atempts: 3 } }, ['atempts', 'attempts']],
    [{ retry: { backoff: { maxDelai: 3 } } }, ['maxDelai', 'maxDelay']],
    [{ lost: 'ignore' }, ['channels.emails.lost', 'ignore']],
    [{ prefetch: -1 }, ['channels.emails.prefetch', '-1', "'auto'"]],
    [{ prefetch: 'all' }, ['channels.emails.prefetch', 'all']],
    [{ keep: 'a while' }, ['channels.emails.keep', 'a while']],
    [{ prefech: 1 }, ['prefech', 'prefetch']],
    [{ payload: 'Email' }, ['payload', 'Email']],
  ])('refuse %j, and say what was asked, found and is to be done', (given, expected) => {
    const { problems } = resolved(given);
    expect(problems).toHaveLength(1);
    for (const part of expected) expect(problems[0]).toContain(part);
  });

  it('are told everything that is wrong at once', () => {
    expect(resolved({ retry: { attempts: 0, backoff: { factor: 0 } }, lost: 1, prefetch: 'x' }).problems).toHaveLength(
      4,
    );
  });
});

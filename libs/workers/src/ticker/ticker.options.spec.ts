import { describe, expect, it } from 'vitest';
import { channel } from '../channel/channel.declaration.js';
import { resolveTickerOptions, type TickerOverrides } from './ticker.options.js';

function resolve(decorated: object, overrides?: TickerOverrides) {
  const problems: string[] = [];
  return { ...resolveTickerOptions('Clock', decorated, overrides, problems), problems };
}

describe("a ticker's options", () => {
  it('have a default each', () => {
    expect(resolve({ every: '1s' })).toEqual({
      name: 'Clock',
      time: { type: 'interval', everyMs: 1_000 },
      immediate: false,
      enabled: true,
      overlap: 'skip',
      singleton: false,
      concurrency: 1,
      out: undefined,
      failures: undefined,
      dispatch: 'inline',
      timeoutMs: 30_000,
      use: [],
      problems: [],
    });
  });

  it('are taken as they are given', () => {
    const Ticks = channel<number>('ticks');
    const given = {
      name: 'nightly',
      cron: '0 3 * * *',
      timeZone: 'Europe/Berlin',
      immediate: true,
      overlap: 'allow',
      concurrency: 4,
      out: Ticks,
      timeout: false,
    };
    expect(resolve(given)).toMatchObject({
      name: 'nightly',
      time: { type: 'cron', expression: '0 3 * * *', timeZone: 'Europe/Berlin' },
      immediate: true,
      concurrency: 4,
      out: Ticks,
      timeoutMs: undefined,
      problems: [],
    });
    expect(resolve({ every: 5, overlap: 'allow' }).concurrency).toBe(16);
  });

  it('are overridden key by key, and what an override does not say stays', () => {
    expect(resolve({ every: '1s', overlap: 'queue' }, { every: '5s', enabled: false })).toMatchObject({
      time: { everyMs: 5_000 },
      overlap: 'queue',
      enabled: false,
      problems: [],
    });
    expect(resolve({ every: '1s' }, { every: undefined } as never)).toMatchObject({ time: { everyMs: 1_000 } });
  });

  it('change from interval to cron and back by an override', () => {
    const calendar = resolve({ every: '1s' }, { cron: '* * * * *', timeZone: 'UTC' });
    expect(calendar).toMatchObject({
      time: { type: 'cron', expression: '* * * * *', timeZone: 'UTC' },
      problems: [],
    });
    const interval = resolve({ cron: '* * * * *', timeZone: 'UTC' }, { every: '2m' });
    expect(interval).toMatchObject({ time: { type: 'interval', everyMs: 120_000 }, problems: [] });
  });

  it.each([
    [{}, "tickers.Clock: expected every or cron, got neither. Add every: '1s' or cron: '*/5 * * * *'"],
    [{ every: '1s', cron: '* * * * *' }, 'tickers.Clock: expected every or cron, got both. Keep one of them.'],
    [{ every: 0.5 }, 'tickers.Clock.every: expected a duration from 1 ms up'],
    [{ every: 'often' }, 'tickers.Clock.every: expected a duration from 1 ms up'],
    [{ evry: '1s', cron: '* * * * *' }, 'tickers.Clock.evry: unknown option. Did you mean "every"?'],
    [{ every: '1s', timeZone: 'UTC' }, 'tickers.Clock.timeZone: has no effect without cron'],
    [
      { every: '1s', overlap: 'sometimes' },
      "tickers.Clock.overlap: expected one of 'skip', 'queue', 'allow', got sometimes",
    ],
    [{ every: '1s', concurrency: 2 }, "tickers.Clock.concurrency: has no effect with overlap 'skip'"],
    [{ every: '1s', timeout: 0 }, 'tickers.Clock.timeout: expected a duration from 1 ms up'],
    [{ name: 'beat', every: '1s', enabled: 'no' }, 'tickers.beat.enabled: expected true or false, got no (string).'],
  ])('refuse %o', (decorated, problem) => {
    expect(resolve(decorated).problems).toEqual([expect.stringContaining(problem)]);
  });

  it('refuse a name in an override', () => {
    expect(resolve({ every: '1s' }, { name: 'other' } as never).problems).toEqual([
      "tickers.Clock.name: cannot be overridden in the module's options; it belongs to the @Ticker decorator of Clock.",
    ]);
  });
});

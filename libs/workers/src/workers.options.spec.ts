import { describe, expect, it } from 'vitest';
import { SystemClock } from './lifecycle/clock.js';
import { resolveModuleOptions } from './workers.options.js';

describe("the module's options", () => {
  it('have these defaults', () => {
    const problems: string[] = [];
    expect(resolveModuleOptions({}, problems, 'production')).toEqual({
      workers: {},
      tickers: {},
      run: { only: undefined, except: undefined },
      autoStart: true,
      shutdown: { deadline: 25_000, abortGrace: 5_000 },
      requestTimeout: 30_000,
      use: [],
      propagateContext: false,
      observer: undefined,
      redact: undefined,
      onLeftover: undefined,
      guard: 'report',
      guardMs: 25,
      starvationAfter: 10_000,
      dispatch: undefined,
      isolates: {},
      clock: new SystemClock(),
    });
    expect(problems).toEqual([]);
  });

  it.each(['development', 'test', undefined])('guard strictly where NODE_ENV is %s', (nodeEnv) => {
    expect(resolveModuleOptions({}, [], nodeEnv ?? '').guard).toBe('fail');
  });

  it('refuse what isolates cannot have in common, with the near miss', () => {
    const problems: string[] = [];
    resolveModuleOptions({ isolates: { execArg: [], size: 2, crash: 'reject' } }, problems);
    expect(problems).toEqual([
      'options.isolates.execArg: unknown option. Did you mean "execArgv"?',
      'options.isolates.size: unknown option. Known options: crash, setup, startupTimeout, abortGrace, recycleAfter, idleAfter, pingEvery, errors, restart, env, execArgv, serializer, middleware, maxMessageBytes.',
    ]);
  });

  it('share no default between two applications', () => {
    const [one, two] = [resolveModuleOptions({}, []), resolveModuleOptions({}, [])];
    expect([Object.isFrozen(one), Object.isFrozen(one.shutdown)]).toEqual([true, true]);
    expect(one.clock).not.toBe(two.clock);
  });
});

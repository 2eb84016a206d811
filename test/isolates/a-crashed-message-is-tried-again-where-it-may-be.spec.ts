import { describe, expect, it } from 'vitest';
import { CrashLoopError, IsolateCrashedError, provideWorkers } from '@nestjs-workers/core';
import { until } from '@nestjs-workers/core/testing';
import { numbers, rejection, startedOnce } from '../support/application.js';
import { atRest, endings, isolatesOf, KINDS, withoutLastWords } from '../support/isolates.js';
import { Deeds, Doer } from './fixtures/doing.js';

withoutLastWords();

const restart = { delay: '1ms', maxDelay: '1ms' } as const;

describe.each(KINDS)('crash: { attempts: 3 } of a $kind', ({ dispatch }) => {
  const app = startedOnce({
    channels: [Deeds],
    providers: [...provideWorkers(Doer)],
    workers: { Doer: { dispatch: dispatch({ crash: { attempts: 3 }, restart }) } },
  });

  it('hands the message to a new isolate, and context.attempt rises; those behind it wait in their order and are not blamed', async () => {
    const { gateway } = app();
    // An isolate whose handlers are known to be quick holds some ahead.
    await Promise.all(numbers(50).map(() => gateway.request(Doer, { does: 'echo' })));
    const tried = gateway.request(Doer, { does: 'exit until attempt', attempt: 3 });
    const behind = numbers(9).map(() => gateway.request(Doer, { does: 'count' }));
    expect(await tried).toBe(3);
    expect(await Promise.all(behind)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(endings(app())).toEqual(['exit code 1', 'exit code 2']);
    expect(gateway.stats().workers['Doer']).toMatchObject({ done: 60, lost: 0 });
  });

  it('gives it up after the third: attempt 3 of 3', async () => {
    const error = await rejection(app().gateway.request(Doer, { does: 'exit', code: 9 }));
    expect(error).toBeInstanceOf(IsolateCrashedError);
    expect(error).toMatchObject({ attempt: 3, maxAttempts: 3, reason: { reason: 'exit', code: 9 } });
    expect(error.message).toContain('attempt 3 of 3');
  });

  it('is for crashes only: what a handler throws is not tried again', async () => {
    await atRest(app(), 'Doer');
    const [before] = isolatesOf(app(), 'Doer');
    await rejection(app().gateway.request(Doer, { does: 'throw', what: 'an error' }));
    expect(isolatesOf(app(), 'Doer')).toMatchObject([{ name: before?.name }]);
  });
});

describe.each(KINDS)('a $kind whose every message kills it', ({ dispatch }) => {
  const app = startedOnce({
    channels: [Deeds],
    providers: [...provideWorkers(Doer)],
    workers: { Doer: { dispatch: dispatch({ restart: { ...restart, crashes: 2, pause: '300ms' } }) } },
  });

  it('opens the breaker: messages are refused at once, and later one isolate is tried again', async () => {
    const { gateway } = app();
    const errors = await Promise.all(numbers(5).map(() => rejection(gateway.request(Doer, { does: 'exit', code: 1 }))));
    expect(errors.map(({ code }) => code)).toEqual([
      'ISOLATE_CRASHED',
      'ISOLATE_CRASHED',
      'ISOLATE_CRASH_LOOP',
      'ISOLATE_CRASH_LOOP',
      'ISOLATE_CRASH_LOOP',
    ]);
    const refused = await rejection(gateway.request(Doer, { does: 'echo', value: 'refused' }));
    expect(refused).toBeInstanceOf(CrashLoopError);
    expect(refused).toMatchObject({ worker: 'Doer', crashes: 2, retryAfterMs: 300 });
    expect(refused.message).toContain('exit code 1');
    expect(gateway.stats().workers['Doer']).toMatchObject({ isCrashLooping: true, isolateDeaths: 2 });
    await until(() => isolatesOf(app(), 'Doer').some(({ state }) => state === 'idle'), '15s');
    await expect(gateway.request(Doer, { does: 'echo', value: 'sound' })).resolves.toBe('sound');
    expect(gateway.stats().workers['Doer']).toMatchObject({ isCrashLooping: false, isolateDeaths: 2 });
    await rejection(gateway.request(Doer, { does: 'exit', code: 1 }));
    await expect(gateway.request(Doer, { does: 'echo', value: 'closed again' })).resolves.toBe('closed again');
  });
});

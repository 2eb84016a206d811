import { describe, expect, it } from 'vitest';
import { IsolateCrashedError, provideWorkers } from '@nestjs-workers/core';
import { until } from '@nestjs-workers/core/testing';
import { numbers, rejection, type Started, startedOnce } from '../support/application.js';
import { atRest, entered, isolatesOf, KINDS, lives, NAMED, PROCESS, withoutLastWords } from '../support/isolates.js';
import { type Deed, Deeds, Doer } from './fixtures/doing.js';
import { GateKeeper, Gates, openGate } from './fixtures/gates.js';

withoutLastWords();

const restart = { delay: '1ms' } as const;

async function crash(app: Started, deed: Deed): Promise<IsolateCrashedError> {
  const error = await rejection(app.gateway.request(Doer, deed));
  expect(error).toBeInstanceOf(IsolateCrashedError);
  return error as unknown as IsolateCrashedError;
}

describe.each(KINDS)('in a $kind', ({ dispatch, tight, isThread }) => {
  const app = startedOnce({
    channels: [Deeds],
    providers: [...provideWorkers(Doer)],
    workers: { Doer: { dispatch: dispatch({ ...tight, restart }) } },
  });

  it('a handler that ends its isolate: exit code 7, attempt 1 of 1, told once; the next message has a new isolate', async () => {
    const [before] = isolatesOf(app(), 'Doer');
    app().workers.clear();
    const error = await crash(app(), { does: 'exit', code: 7 });
    expect(error).toMatchObject({
      worker: 'Doer',
      isolate: before?.name,
      reason: { reason: 'exit', code: 7 },
      attempt: 1,
      maxAttempts: 1,
    });
    expect(error.message).toMatch(/exit code 7 \(attempt 1 of 1\)/);
    await expect(app().gateway.request(Doer, { does: 'echo', value: 'here' })).resolves.toBe('here');
    const [after] = isolatesOf(app(), 'Doer');
    expect(after).toMatchObject({ restarts: 1 });
    expect(after?.name).not.toBe(before?.name);
    expect(after?.pid).not.toBe(before?.pid);
    expect(app().workers.events('workers.isolate-ended')).toMatchObject([
      { worker: 'Doer', isolate: before?.name, why: 'exit code 7', ending: 'exit code 7', isCrash: true },
    ]);
    expect(app().workers.events('workers.isolate-ready')).toMatchObject([{ isolate: after?.name, restarts: 1 }]);
    expect(app().gateway.stats().workers['Doer']).toMatchObject({ lost: 1, inFlight: 0, isolateDeaths: 1 });
  });

  it('an error that nobody catches ends the isolate, not the host', async () => {
    const { reason } = await crash(app(), { does: 'throw from a timer' });
    if (isThread) expect(reason).toMatchObject({ reason: 'error', error: { message: 'nobody catches this' } });
    else expect(reason).toEqual({ reason: 'exit', code: 1 });
  });

  it('a handler that runs out of memory: out of memory, and the host lives', async () => {
    await atRest(app(), 'Doer');
    const error = await crash(app(), { does: 'run out of memory' });
    expect(error.reason).toMatchObject({ reason: 'out-of-memory' });
    expect(error.message).toContain('out of memory');
  });

  it('a poison message beside innocent ones: they get their values, and no other is blamed', async () => {
    // An isolate that has shown that it is quick is given messages ahead.
    for (const n of numbers(5)) await app().gateway.request(Doer, { does: 'echo', value: n });
    const echo = (n: number) => app().gateway.request(Doer, { does: 'echo', value: n });
    const before = numbers(10).map(echo);
    const poison = crash(app(), { does: 'exit', code: 3 });
    const after = numbers(15).map(echo);
    expect(isolatesOf(app(), 'Doer')[0]?.load ?? 0).toBeLessThanOrEqual(32);
    expect(await Promise.all(before)).toEqual(numbers(10));
    expect(await poison).toMatchObject({ reason: { reason: 'exit', code: 3 } });
    expect(await Promise.all(after)).toEqual(numbers(15));
  });
});

describe.each([PROCESS, NAMED])('a $kind that is killed from outside', ({ kind, dispatch }) => {
  const app = startedOnce({
    channels: [Deeds, Gates],
    providers: [...provideWorkers(Doer), GateKeeper],
    workers: { Doer: { dispatch: dispatch({ concurrency: 3, restart }) } },
  });

  it('with SIGKILL: each message whose handler it was in hears of the signal; those that were finished, or not begun, have their values', async () => {
    const { gateway } = app();
    const [isolate] = isolatesOf(app(), 'Doer');
    const finished = gateway.request(Doer, { does: 'wait for', gate: kind });
    const lost = numbers(2).map(() => crash(app(), { does: 'wait for ever' }));
    await entered(app(), 'Doer', 3);
    openGate(kind, 'finished');
    expect(await finished).toBe('finished');
    lost.push(crash(app(), { does: 'wait for ever' }));
    const waiting = gateway.request(Doer, { does: 'echo', value: 'rescued' });
    await entered(app(), 'Doer', 4);
    process.kill(isolate?.pid ?? 0, 'SIGKILL');
    for (const { reason } of await Promise.all(lost)) expect(reason).toEqual({ reason: 'signal', signal: 'SIGKILL' });
    expect(await waiting).toBe('rescued');
    expect(lives(isolate?.pid ?? 0)).toBe(false);
    expect(gateway.stats().workers['Doer']).toMatchObject({ done: 2, lost: 3, inFlight: 0 });
  });

  it('while it has nothing to do: another takes its place, unasked', async () => {
    await atRest(app(), 'Doer');
    const [isolate] = isolatesOf(app(), 'Doer');
    process.kill(isolate?.pid ?? 0, 'SIGKILL');
    await until(() => isolatesOf(app(), 'Doer')[0]?.name !== isolate?.name);
    await atRest(app(), 'Doer');
    await expect(app().gateway.request(Doer, { does: 'echo', value: 1 })).resolves.toBe(1);
  });
});

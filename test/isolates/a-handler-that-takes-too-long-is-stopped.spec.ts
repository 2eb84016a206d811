import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HandlerTimeoutError, provideWorkers } from '@nestjs-workers/core';
import { until } from '@nestjs-workers/core/testing';
import { numbers, rejection, startedOnce } from '../support/application.js';
import { atRest, endings, entered, isolatesOf, KINDS } from '../support/isolates.js';
import { Deeds, Doer } from './fixtures/doing.js';
import { block } from './fixtures/harm.js';

describe.each(KINDS)('in a $kind of two', ({ dispatch }) => {
  const app = startedOnce({
    channels: [Deeds],
    providers: [...provideWorkers(Doer)],
    workers: { Doer: { timeout: '1s', dispatch: dispatch({ size: 2, abortGrace: '1s' }) } },
  });

  it('the time runs from when the handler is entered, not while it waits: thirty that take 100 ms each, two at a time', async () => {
    app().workers.clear();
    const blocks = numbers(30).map(() => app().gateway.request(Doer, { does: 'block', ms: 100 }));
    await Promise.all(blocks);
    expect(app().workers.events('workers.timeout')).toEqual([]);
  });

  it('the signal is aborted with the timeout as its reason, and a handler that obeys keeps its isolate', async () => {
    const names = isolatesOf(app(), 'Doer').map(({ name }) => name);
    app().workers.clear();
    const error = await rejection(app().gateway.request(Doer, { does: 'wait for the signal' }));
    expect(error).toBeInstanceOf(HandlerTimeoutError);
    const late = await app().workers.next('workers.late');
    expect(late).toMatchObject({ worker: 'Doer' });
    await atRest(app(), 'Doer', 2);
    expect(isolatesOf(app(), 'Doer').map(({ name }) => name)).toEqual(names);
  });

  it.each(['block for ever', 'wait for ever'] as const)(
    'one that goes on (%s) is ended with its isolate after the grace, and with that one only',
    async (does) => {
      await atRest(app(), 'Doer', 2);
      const names = isolatesOf(app(), 'Doer').map(({ name }) => name);
      app().workers.clear();
      const stuck = rejection(app().gateway.request(Doer, { does }));
      await entered(app(), 'Doer', 1);
      await expect(app().gateway.request(Doer, { does: 'echo', value: 'beside' })).resolves.toBe('beside');
      expect(await stuck).toBeInstanceOf(HandlerTimeoutError);
      const ended = await app().workers.next('workers.isolate-ended');
      expect(ended).toMatchObject({ isCrash: false, why: 'a handler went on after its time was up' });
      const left = names.filter((name) => name !== ended.isolate);
      expect(left).toHaveLength(1);
      await expect(app().gateway.request(Doer, { does: 'echo', value: 'next' })).resolves.toBe('next');
      expect(endings(app())).toHaveLength(1);
      await atRest(app(), 'Doer', 2);
      expect(isolatesOf(app(), 'Doer').map(({ name }) => name)).toEqual(expect.arrayContaining(left));
      expect(app().gateway.stats().workers['Doer']).toMatchObject({ inFlight: 0, lost: 0 });
    },
  );

  it('a caller that leaves aborts the handler inside, and what waits in the isolate is skipped', async () => {
    const leaving = new AbortController();
    app().workers.clear();
    const left = rejection(
      app().gateway.request(Doer, { does: 'wait for the signal' }, { signal: leaving.signal, timeout: '5s' }),
    );
    await entered(app(), 'Doer', 1);
    leaving.abort();
    expect(await left).toMatchObject({ code: 'REQUEST_ABORTED' });
    await atRest(app(), 'Doer', 2);
    expect(endings(app())).toEqual([]);
    expect(app().gateway.stats().workers['Doer']).toMatchObject({ aborted: 1 });
  });

  it('a message that was sent ahead and never entered is not ended with the one before it', async () => {
    for (const n of numbers(10)) await app().gateway.request(Doer, { does: 'echo', value: n });
    app().workers.clear();
    const stuck = numbers(2).map(() => rejection(app().gateway.request(Doer, { does: 'block for ever' })));
    const behind = numbers(20).map((n) => app().gateway.request(Doer, { does: 'echo', value: n }));
    expect(await Promise.all(behind)).toEqual(numbers(20));
    for (const error of await Promise.all(stuck)) expect(error).toBeInstanceOf(HandlerTimeoutError);
    await until(() => endings(app()).length === 2);
    expect(app().gateway.stats().workers['Doer']).toMatchObject({ inFlight: 0, lost: 0 });
  });

  it('one whose caller left before it was heard that it was entered is ended as well when it goes on', async () => {
    await app().gateway.request(Doer, { does: 'echo' });
    await atRest(app(), 'Doer', 2);
    app().workers.clear();
    const directory = await mkdtemp(join(tmpdir(), 'entered-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    const file = join(directory, 'signed');
    const leaving = new AbortController();
    const deed = { does: 'sign and wait for ever', file } as const;
    const left = rejection(app().gateway.request(Doer, deed, { signal: leaving.signal }));
    // It is on its way after a turn; then nothing is heard until it was entered.
    const limit = performance.now() + 10_000;
    while (!existsSync(file)) {
      expect(performance.now()).toBeLessThan(limit);
      await setImmediate();
      for (let times = 0; times < 100 && !existsSync(file); times++) block(5);
    }
    leaving.abort();
    expect(await left).toMatchObject({ code: 'REQUEST_ABORTED' });
    await until(() => endings(app()).length === 1, '5s');
    await atRest(app(), 'Doer', 2);
  });
});

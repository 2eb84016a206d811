import { describe, expect, it } from 'vitest';
import { provideWorkers } from '@nestjs-workers/core';
import { until } from '@nestjs-workers/core/testing';
import { numbers, startedOnce } from '../support/application.js';
import { atRest, endings, entered, isolatesOf, KINDS } from '../support/isolates.js';
import { Deeds, Doer } from './fixtures/doing.js';
import { GateKeeper, Gates, openGate } from './fixtures/gates.js';

describe.each(KINDS)('a pool of a $kind up to two', ({ kind, dispatch }) => {
  const app = startedOnce({
    channels: [Deeds, Gates],
    providers: [...provideWorkers(Doer), GateKeeper],
    workers: {
      Doer: {
        dispatch: dispatch({
          minSize: 1,
          maxSize: 2,
          idleAfter: '300ms',
          pingEvery: '1s',
          recycleAfter: { messages: 20 },
        }),
      },
    },
  });

  it('keeps one warm, starts another while messages wait, and closes it when it has had nothing to do', async () => {
    expect(isolatesOf(app(), 'Doer')).toMatchObject([{ state: 'idle', load: 0, handled: 0, restarts: 0 }]);
    const held = numbers(2).map((n) => app().gateway.request(Doer, { does: 'wait for', gate: `${kind} ${n}` }));
    await entered(app(), 'Doer', 2);
    expect(isolatesOf(app(), 'Doer').map(({ state }) => state)).toEqual(['busy', 'busy']);
    for (const n of numbers(2)) openGate(`${kind} ${n}`, n);
    expect(await Promise.all(held)).toEqual([0, 1]);
    await until(() => isolatesOf(app(), 'Doer').length === 1, '10s');
    expect(app().workers.events('workers.isolate-ended')).toMatchObject([{ why: 'was closed', isCrash: false }]);
    expect(endings(app())).toEqual(['exit code 0']);
  });

  it('knows how it fares: state, messages handled, memory, by ping while it is idle', async () => {
    await atRest(app(), 'Doer');
    await app().gateway.request(Doer, { does: 'echo' });
    const [isolate] = isolatesOf(app(), 'Doer');
    expect(isolate?.name).toMatch(/^Doer#\d+$/);
    expect(isolate?.pid).toBeGreaterThan(0);
    expect(isolate?.handled).toBeGreaterThan(0);
    expect(isolate?.heapMb).toBeGreaterThan(1);
    await until(() => isolatesOf(app(), 'Doer')[0]?.heapMb !== isolate?.heapMb, '10s');
  });

  it('keeps the state of an isolate across messages, and renews it after as many as recycleAfter says; none is lost', async () => {
    app().workers.clear();
    const counts = (await Promise.all(
      numbers(60).map(() => app().gateway.request(Doer, { does: 'count' })),
    )) as number[];
    expect(counts).toHaveLength(60);
    expect(Math.max(...counts)).toBeGreaterThan(5);
    expect(Math.max(...counts)).toBeLessThanOrEqual(20);
    expect(counts.filter((count) => count === 1).length).toBeGreaterThan(1);
    await until(() => app().workers.events('workers.isolate-ended').length > 0, '10s');
    expect(
      app()
        .workers.events('workers.isolate-ended')
        .filter(({ isCrash }) => isCrash),
    ).toEqual([]);
    expect(app().gateway.stats().workers['Doer']).toMatchObject({ lost: 0, failed: {}, isolateDeaths: 0 });
  });
});

describe.each(KINDS)('a pool of a $kind whose heap may hold 160 MB', ({ dispatch }) => {
  const app = startedOnce({
    channels: [Deeds],
    providers: [...provideWorkers(Doer)],
    workers: { Doer: { dispatch: dispatch({ recycleAfter: { heapMb: 160 }, pingEvery: '1s' }) } },
  });

  it('keeps it while it holds less, and renews it between messages once it says that it holds more', async () => {
    const count = () => app().gateway.request(Doer, { does: 'count' });
    expect([await count(), await count(), await count()]).toEqual([1, 2, 3]);
    await app().gateway.request(Doer, { does: 'keep', mb: 200 });
    await until(() => (isolatesOf(app(), 'Doer')[0]?.heapMb ?? 0) > 200, '10s');
    expect(await count()).toBe(4);
    await until(() => endings(app()).length === 1, '10s');
    await atRest(app(), 'Doer');
    expect(await count()).toBe(1);
    expect(isolatesOf(app(), 'Doer')[0]?.heapMb).toBeLessThan(160);
    expect(app().workers.events('workers.isolate-ended')).toMatchObject([{ why: 'was closed', isCrash: false }]);
  });
});

describe.each(KINDS)('a pool of a $kind that asks every second', ({ dispatch }) => {
  const app = startedOnce({
    channels: [Deeds],
    providers: [...provideWorkers(Doer)],
    workers: { Doer: { dispatch: dispatch({ pingEvery: '1s' }) } },
  });

  it('ends an idle one that does not answer any more, and has another in its place', async () => {
    await app().gateway.request(Doer, { does: 'fall silent' });
    const ended = await app().workers.next('workers.isolate-ended', {}, '10s');
    expect(ended).toMatchObject({ isolate: 'Doer#1', why: 'did not answer a ping within 1000 ms' });
    await expect(app().gateway.request(Doer, { does: 'echo', value: 'next' })).resolves.toBe('next');
  });
});

import { describe, expect, it } from 'vitest';
import { collect } from '../../../../test/support/heap.js';
import { Message } from '../message/message.js';
import type { Outcome } from '../message/outcome.js';
import { calm, gate, rejection } from '../testing/fixtures/promises.js';
import { turn, until } from '../testing/until.js';
import { Gates, running } from './fixtures/running.js';

/** Settling that takes until a test lets it go. */
function slowSettling() {
  const waiting: { payload: unknown; done: () => void; fail: (error: Error) => void }[] = [];
  const settle = (_outcome: Outcome, { payload }: Message): Promise<void> =>
    new Promise((resolve, reject) => waiting.push({ payload, done: resolve, fail: reject }));
  return { settle, waiting };
}

describe('permits', () => {
  it('let `concurrency` messages run side by side; the next waits, and then runs', async () => {
    const gates = new Gates();
    const { runner, source, put } = await running(gates.enter, { concurrency: 10 });
    for (let n = 1; n <= 25; n++) put(n);
    await calm();
    expect([gates.inside.length, source.waiting.length, runner.inFlight]).toEqual([10, 15, 10]);
    await gates.leave(3);
    expect(gates.inside).toContain(11);
    for (let n = 1; n <= 25; n++) if (n !== 3) await gates.leave(n);
    expect(runner.stats()).toMatchObject({ done: 25, inFlight: 0 });
    expect(gates.most).toBe(10);
  });

  it('law 1: nothing is taken without a free one', async () => {
    const gates = new Gates();
    const { source, put } = await running(gates.enter, { concurrency: 2 });
    for (const n of [1, 2, 3, 4, 5]) put(n);
    await calm();
    expect(source.taken).toBe(2);
    await gates.leave(1);
    expect(source.taken).toBe(3);
    await gates.fail(2, new Error('no'));
    expect(source.taken).toBe(4);
  });

  it('law 2: go back before the outcome is handed on', async () => {
    const inFlight: number[] = [];
    const work = async (n: number): Promise<number> => Promise.resolve(n);
    const { runner, put } = await running(work, { concurrency: 3, settle: () => void inFlight.push(runner.inFlight) });
    for (const n of [1, 2, 3]) put(n);
    await until(() => runner.isQuiet);
    expect(inFlight).toEqual([2, 1, 0]);
  });

  it('go back whatever the handler did, also before its first await', async () => {
    const work = (n: number): unknown => {
      if (n === 1) throw new Error('at once');
      return n === 2 ? Promise.reject(new Error('later')) : n;
    };
    const { runner, put } = await running(work);
    for (const n of [1, 2, 3]) put(n);
    await until(() => runner.isQuiet);
    expect(runner.stats()).toMatchObject({ inFlight: 0, done: 1, failed: { handler_error: 2 } });
  });
});

describe('completion', () => {
  it('law 2: is bounded to 2 x concurrency unsettled outcomes, and while that many are, nothing is taken', async () => {
    const { settle, waiting } = slowSettling();
    const { runner, source, put } = await running((n: number) => n, { concurrency: 2, settle });
    for (let n = 1; n <= 20; n++) put(n);
    await calm();
    expect(waiting.map(({ payload }) => payload)).toEqual([1, 2, 3, 4]);
    expect(runner.stats()).toMatchObject({ inFlight: 0, unsettled: 4, maxUnsettled: 4 });
    expect(runner.isHungry).toBe(false);
    waiting[1]?.done();
    await calm();
    expect([source.taken, waiting.map(({ payload }) => payload)]).toEqual([5, [1, 2, 3, 4, 5]]);
    for (let n = 0; n < 20; n++) {
      waiting[n]?.done();
      await calm();
    }
    expect([runner.isQuiet, runner.stats().done, source.released.length]).toEqual([true, 20, 20]);
  });

  it('law 2: is bounded to as many more as its source allows', async () => {
    const { settle, waiting } = slowSettling();
    const { runner, put } = await running((n: number) => n, { concurrency: 2, settle });
    runner.allowUnsettled(7);
    for (let n = 1; n <= 20; n++) put(n);
    await calm();
    expect([waiting.length, runner.stats()]).toMatchObject([11, { unsettled: 11, maxUnsettled: 11 }]);
  });

  it('law 2: lets handlers run on while it settles', async () => {
    const { settle, waiting } = slowSettling();
    const gates = new Gates();
    const { runner, put } = await running(gates.enter, { concurrency: 1, settle });
    for (const n of [1, 2, 3]) put(n);
    await calm();
    await gates.leave(1);
    expect(gates.inside).toEqual([2]);
    await gates.leave(2);
    expect([gates.inside, runner.stats().unsettled]).toEqual([[], 2]);
    waiting[0]?.done();
    await calm();
    expect(gates.inside).toEqual([3]);
  });

  it('law 3: reply and events come strictly after the settling', async () => {
    const { settle, waiting } = slowSettling();
    const { events, ask } = await running((n: number) => n * 2, { settle });
    const told: string[] = [];
    const names = () => events.map(({ name }) => name);
    void ask(21).then((value) => told.push(`answered ${String(value)}`));
    await calm();
    expect([told, names()]).toEqual([[], ['workers.started']]);
    waiting[0]?.done();
    await calm();
    expect([told, names()]).toEqual([['answered 42'], ['workers.started', 'workers.completed']]);
  });

  it('law 3: no outcome is told when settling is rejected; the caller learns of that instead, and work goes on', async () => {
    const { settle, waiting } = slowSettling();
    const { runner, events, ask, put } = await running((n: number) => n, { settle });
    const refused = rejection(ask(1));
    put(2);
    await calm();
    waiting[0]?.fail(new Error('the store is gone'));
    waiting[1]?.done();
    expect((await refused).message).toBe('the store is gone');
    await until(() => runner.isQuiet);
    expect(events.filter(({ name }) => name !== 'workers.started')).toMatchObject([
      { name: 'workers.fault', source: 'settle of worker "Tested"', error: new Error('the store is gone') },
      { name: 'workers.completed' },
    ]);
  });

  it('survives a settle that throws at once', async () => {
    const settle = (_outcome: Outcome, { payload }: Message): void => {
      if (payload === 1) throw new Error('no store');
    };
    const { runner, ask } = await running((n: number) => n, { settle });
    const replies = [ask(1), ask(2)] as const;
    expect((await rejection(replies[0])).message).toBe('no store');
    expect(await replies[1]).toBe(2);
    expect([runner.isQuiet, runner.isHungry]).toEqual([true, true]);
  });
});

describe('a runner', () => {
  it('starts a handler in a moment, never inside the call that sent the message', async () => {
    const told: string[] = [];
    const { put } = await running((what: string) => told.push(what));
    put('handled');
    told.push('sent');
    await calm();
    expect(told).toEqual(['sent', 'handled']);
  });

  it('is hungry only while a permit is free and nothing waits', async () => {
    const gates = new Gates();
    const { runner, put } = await running(gates.enter);
    expect(runner.isHungry).toBe(true);
    put(1);
    expect(runner.isHungry).toBe(false);
    await calm();
    await gates.leave(1);
    expect(runner.isHungry).toBe(true);
  });

  it('gives timers and sockets their turn while thousands wait', async () => {
    const { runner, put } = await running((n: number) => n);
    for (let n = 0; n < 10_000; n++) put(n);
    const done: number[] = [];
    while (!runner.isDrained) {
      await turn();
      done.push(runner.stats().done);
    }
    expect(done.length).toBeGreaterThan(8);
    expect(Math.max(...done.map((count, index) => count - (done[index - 1] ?? 0)))).toBeLessThanOrEqual(1_025);
  });

  it('is given nothing while it yields to the event loop', async () => {
    const { runner, put } = await running((n: number) => n, { concurrency: 3_000 });
    await calm();
    for (let n = 0; n < 2_000; n++) put(n);
    expect(runner.isHungry).toBe(true);
    await Promise.resolve();
    expect(runner.stats().done).toBeLessThanOrEqual(1_025);
    expect(runner.isHungry).toBe(false);
    await until(() => runner.isHungry);
    expect(runner.stats().done).toBe(2_000);
  });

  it('takes nothing any more also when a handler tells it so', async () => {
    let stop = (): void => {};
    const { runner, source, put } = await running(() => stop());
    stop = () => runner.stopTaking();
    put(1);
    put(2);
    await calm();
    expect([source.taken, runner.stats().done, source.waiting.length]).toEqual([1, 1, 1]);
  });

  it('takes nothing any more once told so, and lets what is in flight go on', async () => {
    const gates = new Gates();
    const { runner, source, put } = await running(gates.enter);
    put(1);
    put(2);
    await calm();
    runner.stopTaking();
    await gates.leave(1);
    expect([source.taken, runner.isHungry, runner.stats().done]).toEqual([1, false, 1]);
    expect(runner.takeRest().map(({ payload }) => payload)).toEqual([2]);
  });

  it('leaves behind what it was given and had not started', async () => {
    const { runner, put } = await running(() => expect.unreachable());
    put(1);
    runner.stopTaking();
    expect(runner.takeRest().map(({ payload }) => payload)).toEqual([1]);
    await calm();
    expect(runner.stats()).toMatchObject({ state: 'stopped', inFlight: 0, leftOver: 1 });
    expect(runner.isQuiet).toBe(true);
  });

  it('is not hungry while it is paused, and has its source give back what was fetched for it', async () => {
    const { runner, source } = await running((n: number) => n);
    let gaveBack = 0;
    Object.assign(source, { giveBack: () => gaveBack++ });
    await calm();
    runner.pause();
    expect([runner.isHungry, runner.room, gaveBack]).toEqual([false, 0, 1]);
    runner.resume();
    await calm();
    expect([runner.isHungry, runner.room, gaveBack]).toEqual([true, 1, 1]);
  });

  it('says when it falls quiet, settling included', async () => {
    const { settle, waiting } = slowSettling();
    const { opened, open } = gate<string>();
    const { runner, put } = await running((n: number) => n, { settle });
    runner.onQuiet = () => open(`quiet after ${runner.stats().done}`);
    put(1);
    put(2);
    await calm();
    expect(runner.isQuiet).toBe(false);
    for (const { done } of waiting) done();
    expect(await opened).toBe('quiet after 2');
  });

  it('says so as well when it is paused while nothing runs, and when what waited is gone', async () => {
    const { runner, source, put } = await running((n: number) => n);
    let told = 0;
    await calm();
    runner.onQuiet = () => told++;
    runner.pause();
    expect(told).toBe(1);
    put(1);
    source.waiting.length = 0;
    runner.resume();
    await calm();
    expect([told, runner.stats().done]).toEqual([2, 0]);
  });

  it('shows its bounds and its books as plain data', async () => {
    const gates = new Gates();
    const { runner, put } = await running(gates.enter, { concurrency: 2 });
    put(1);
    put(2);
    await calm();
    await gates.leave(1);
    const stats = runner.stats();
    expect(JSON.parse(JSON.stringify(stats))).toEqual(stats);
    expect(stats).toEqual({
      state: 'running',
      inFlight: 1,
      concurrency: 2,
      unsettled: 0,
      maxUnsettled: 4,
      done: 1,
      failed: {},
      aborted: 0,
      lost: 0,
      leftOver: 0,
      waitMs: { p50: 0, p95: 0, p99: 0 },
      runMs: { p50: 0, p95: 0, p99: 0 },
      isolates: [],
    });
  });
});

describe('a worker with nothing to do', () => {
  it('keeps no payload in memory', async () => {
    const { runner, source, put } = await running(() => undefined, { heard: [] });
    const payloads = [{}, {}].map((payload) => {
      put(payload);
      return new WeakRef(payload);
    });
    await calm();
    expect(source.released.splice(0)).toHaveLength(2);
    await turn();
    collect();
    expect(runner.isQuiet).toBe(true);
    expect(payloads.map((payload) => payload.deref())).toEqual([undefined, undefined]);
  });
});

describe('a worker that nobody observes', () => {
  it('knows how long its messages waited and its handlers took all the same', async () => {
    const gates = new Gates();
    const { runner, put, clock } = await running(gates.enter, { heard: [] });
    put(1);
    put(2);
    await clock.advance(100);
    await gates.leave(1);
    await clock.advance(20);
    await gates.leave(2);
    put(3);
    await calm();
    await gates.leave(3);
    const { waitMs, runMs } = runner.books.distributions();
    expect([waitMs.count, runMs.count]).toEqual([3, 3]);
    expect([waitMs.sumMs, runMs.sumMs]).toEqual([100, 120]);
  });
});

describe('a message that nobody waits for any more', () => {
  it('ends before it began: it is no leftover, and says nothing of how long handlers take', async () => {
    const { runner, ask, aborted, events } = await running(() => expect.unreachable());
    await calm();
    const caller = new AbortController();
    const error = rejection(ask(1, { signal: caller.signal }));
    caller.abort();
    await calm();
    expect(runner.stats()).toMatchObject({ done: 0, aborted: 1, inFlight: 0 });
    expect([aborted, runner.books.distributions().runMs.count]).toEqual([[], 0]);
    expect(events).toMatchObject([{ name: 'workers.aborted', error: await error }]);
  });
});

describe('a delivery that is not its own any more', () => {
  // Found by a simulation of the relay of durable channels.
  it('is not started when it was given and did not begin yet, and its permit comes back', async () => {
    const gates = new Gates();
    const { runner, put } = await running(gates.enter);
    await calm();
    const delivery = new Message(1, 0);
    runner.give(delivery);
    runner.disown(delivery, new Error('lost'));
    await calm();
    expect([gates.inside, runner.isQuiet]).toEqual([[], true]);
    put(2);
    await calm();
    expect(gates.inside).toEqual([2]);
  });

  it('has its signal aborted when it runs, with the reason, and no other has', async () => {
    const signals: AbortSignal[] = [];
    const { opened, open } = gate();
    const { runner } = await running(
      (_n: never, { signal }) => {
        signals.push(signal);
        return opened;
      },
      { concurrency: 2 },
    );
    await calm();
    const [one, other] = [new Message(1, 0), new Message(2, 0)];
    runner.give(one);
    runner.give(other);
    await calm();
    const reason = new Error('lost');
    runner.disown(one, reason);
    expect(signals.map(({ reason: why }) => why as unknown)).toEqual([reason, undefined]);
    open();
    await calm();
    expect(runner.isQuiet).toBe(true);
  });
});

import { describe, expect, it } from 'vitest';
import { channel } from '../channel/channel.declaration.js';
import { WorkersEvents } from '../observe/workers.events.js';
import { boot } from '../testing/fixtures/boot.js';
import { calm, rejection } from '../testing/fixtures/promises.js';
import { HeldClock } from '../testing/held.clock.js';
import { until } from '../testing/until.js';
import { Ticker } from '../ticker/ticker.decorator.js';
import { Worker } from '../worker/worker.decorator.js';
import { WorkersControl } from './workers.control.js';

const Jobs = channel<number>('jobs', { buffer: 16 });

/** A worker whose handlers end when they are told to. */
async function holding(concurrency = 2) {
  const held: (() => void)[] = [];
  const handled: number[] = [];

  @Worker({ in: Jobs, expose: true, concurrency })
  class Holder {
    handle(n: number): Promise<number> {
      handled.push(n);
      return new Promise((resolve) => held.push(() => resolve(n)));
    }
  }
  const booted = await boot({ channels: [Jobs], providers: [Holder] });
  return { ...booted, control: booted.moduleRef.get(WorkersControl), held, handled, Holder };
}

describe('a worker that is paused', () => {
  it('finishes what runs, takes nothing, and goes on where it was', async () => {
    const { control, gateway, workers, held, handled, Holder } = await holding();
    for (const n of [1, 2, 3]) await gateway.command(Holder, n);
    await until(() => handled.length === 2);
    const told = workers.next('workers.action');
    await control.pause(Holder, { actor: 'ann' });
    await control.pause(Holder);
    expect(await told).toMatchObject({ action: 'pause', worker: 'Holder', channel: undefined, actor: 'ann' });
    for (const end of held) end();
    await until(() => gateway.stats().workers['Holder']?.done === 2);
    await gateway.command(Holder, 4);
    expect(gateway.stats()).toMatchObject({
      workers: { Holder: { state: 'paused', inFlight: 0 } },
      channels: { jobs: { depth: 2, isPaused: false } },
    });
    await control.resume(Holder);
    await until(() => handled.length === 4);
    expect([handled, gateway.stats().workers['Holder']?.state]).toEqual([[1, 2, 3, 4], 'running']);
    for (const end of held) end();
    await workers.drain();
    expect(workers.events('workers.action').map(({ action }) => action)).toEqual(['pause', 'resume']);
  });

  it('may be paused before it starts, and is not waited for at a stop', async () => {
    const left: unknown[] = [];
    const handled: number[] = [];
    @Worker({ in: Jobs, expose: true })
    class Late {
      handle(n: number): void {
        handled.push(n);
      }
    }
    const { moduleRef, gateway } = await boot({
      channels: [Jobs],
      providers: [Late],
      autoStart: false,
      shutdown: { deadline: '20s', abortGrace: '10s' },
      onLeftover: (leftovers) => left.push(...leftovers),
    });
    await moduleRef.get(WorkersControl).pause({ worker: 'Late' });
    await gateway.start();
    await gateway.command(Late, 1);
    await gateway.stop();
    expect([handled, left]).toMatchObject([[], [{ from: 'jobs', messages: [{ payload: 1 }] }]]);
  });

  it('takes nothing more, also when it is paused by whoever is told that the last that waited is dropped', async () => {
    const { control, gateway, workers, moduleRef, held, handled, Holder } = await holding(1);
    const first = gateway.request(Holder, 1);
    const caller = new AbortController();
    const second = rejection(gateway.request(Holder, 2, { signal: caller.signal }));
    await until(() => handled.length === 1);
    caller.abort();
    await second;
    moduleRef.get(WorkersEvents).events$.subscribe(({ name }) => {
      if (name === 'workers.drop') void control.pause(Holder);
    });
    const dropped = workers.next('workers.drop');
    held[0]?.();
    await Promise.all([first, dropped]);
    await gateway.command(Holder, 3);
    await calm();
    expect([gateway.stats().workers['Holder']?.state, handled]).toEqual(['paused', [1]]);
  });
});

describe('a channel that is paused', () => {
  it('gives nothing to anybody, keeps its bounds, and gives what waited when it is resumed', async () => {
    const Lines = channel<number>('lines', { buffer: 2 });
    const { moduleRef, gateway, workers } = await boot({ channels: [Lines] });
    const control = moduleRef.get(WorkersControl);
    const seen: number[] = [];
    const lines = gateway.channel(Lines);
    lines.subscribe((n) => seen.push(n));
    await control.pause(Lines);
    for (const n of [1, 2, 3]) lines.next(n);
    expect([seen, lines.stats()]).toMatchObject([[], { depth: 2, drops: { 'input-drop': 1 }, isPaused: true }]);
    await control.resume({ channel: 'lines' }, { actor: 'bob' });
    expect([seen, lines.isPaused]).toEqual([[1, 2], false]);
    lines.next(4);
    expect(seen).toEqual([1, 2, 4]);
    expect(workers.events('workers.action').map(({ action, actor }) => [action, actor])).toEqual([
      ['pause', undefined],
      ['resume', 'bob'],
    ]);
  });

  it('is not drained at a stop: what waits there is left over at once', async () => {
    const { control, gateway, Holder } = await holding();
    await control.pause(Jobs);
    await gateway.command(Holder, 1);
    const began = performance.now();
    await gateway.stop();
    expect(performance.now() - began).toBeLessThan(400);
    expect(gateway.stats().channels['jobs']).toMatchObject({ leftOver: 1, depth: 0 });
  });
});

describe('a ticker that is paused', () => {
  it('leaves its ticks out and counts them', async () => {
    const clock = new HeldClock();
    @Ticker({ every: '1s' })
    class Clockwork {
      tick(): void {}
    }
    const { moduleRef, gateway } = await boot({ clock, providers: [Clockwork] });
    const control = moduleRef.get(WorkersControl);
    await control.pause(Clockwork);
    await clock.advance('3s');
    expect(gateway.stats().tickers['Clockwork']).toMatchObject({ state: 'paused', ticks: 0, skipped: 3 });
    await control.resume(Clockwork);
    await clock.advance('1s');
    expect(gateway.stats().tickers['Clockwork']).toMatchObject({ state: 'running', ticks: 1, skipped: 3 });
    expect(() => control.setConcurrency(Clockwork, 2)).toThrow(/belongs to its overlap/);
  });
});

describe('a worker that runs elsewhere', () => {
  it('is not changed here, and that is said', async () => {
    @Worker({ in: Jobs, expose: true })
    class Away {
      handle(): void {}
    }
    const { moduleRef, gateway, workers } = await boot({
      channels: [Jobs],
      providers: [Away],
      run: { except: [Away] },
    });
    const control = moduleRef.get(WorkersControl);
    const elsewhere = { code: 'WORKER_ELSEWHERE', worker: 'Away', channel: undefined };
    await expect(control.pause(Away)).rejects.toMatchObject(elsewhere);
    await expect(control.resume({ worker: 'Away' })).rejects.toMatchObject(elsewhere);
    expect(() => control.setConcurrency(Away, 2)).toThrow(/leaves it to other processes/);
    expect(gateway.stats().workers['Away']?.state).toBe('elsewhere');
    expect(workers.events('workers.action')).toEqual([]);
  });
});

describe('the concurrency of a running worker', () => {
  it('may be raised and lowered; what is above is finished', async () => {
    const { control, gateway, held, handled, workers, Holder } = await holding(1);
    for (const n of [1, 2, 3, 4, 5, 6]) await gateway.command(Holder, n);
    await until(() => handled.length === 1);
    control.setConcurrency(Holder, 3, { actor: 'ann' });
    await until(() => handled.length === 3);
    expect(gateway.stats().workers['Holder']).toMatchObject({ inFlight: 3, concurrency: 3, maxUnsettled: 6 });
    control.setConcurrency({ worker: 'Holder' }, 1);
    held[0]?.();
    held[1]?.();
    await until(() => gateway.stats().workers['Holder']?.inFlight === 1);
    expect(handled).toEqual([1, 2, 3]);
    held[2]?.();
    await until(() => handled.length === 4);
    expect(gateway.stats().workers['Holder']?.inFlight).toBe(1);
    expect(workers.events('workers.action').map(({ detail }) => detail)).toEqual([
      { before: 1, concurrency: 3 },
      { before: 3, concurrency: 1 },
    ]);
    for (let n = 3; n < 6; n++) {
      await until(() => held.length === n + 1);
      held[n]?.();
    }
    await workers.drain();
  });

  it('is refused when it is none, and so is a worker that is not there, with the near miss', async () => {
    const { control, Holder } = await holding();
    for (const wrong of [0, 1.5, Number.NaN])
      expect(() => control.setConcurrency(Holder, wrong)).toThrow(
        /setConcurrency\(Holder\): expected an integer from 1 up/,
      );
    expect(() => control.setConcurrency({ worker: 'Hodler' }, 1)).toThrow(/Did you mean "Holder"\?/);
    await expect(control.pause({ worker: 'Hodler' })).rejects.toThrow(/Did you mean "Holder"\?/);
    await expect(control.pause({ channel: 'job' })).rejects.toThrow(/Did you mean "jobs"\?/);
  });
});

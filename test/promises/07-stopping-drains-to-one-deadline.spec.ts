import { Injectable, Module, type OnModuleDestroy } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import {
  channel,
  type Dispatcher,
  type DispatchPlan,
  type Leftover,
  Ticker,
  Worker,
  type WorkerContext,
  WorkerGateway,
  WorkersModule,
} from '@nestjs-workers/core';
import { HeldClock, leakCheck, until } from '@nestjs-workers/core/testing';
import { gate, numbers, rejection, start } from '../support/application.js';

const Jobs = channel<number>('jobs', { buffer: 8, putMode: 'block' });
const Ingots = channel<number>('ingots', { buffer: 8 });
const channels = [Jobs, Ingots];
const shutdown = { deadline: '10s', abortGrace: '2s' } as const;

/** A digger whose every message waits for one gate, a smelter that takes what was dug, and a clock that is held. */
async function mine(more: Parameters<typeof start>[0] = {}) {
  const clock = new HeldClock();
  const { opened, open } = gate();
  const signals: [string, number][] = [];
  @Worker({ in: Jobs, out: Ingots, expose: true, timeout: false })
  class Digger {
    async handle(n: number, { signal }: WorkerContext): Promise<number> {
      signal.addEventListener('abort', () => signals.push([(signal.reason as Error).name, clock.now()]));
      await opened;
      return n;
    }
  }
  const smelted: number[] = [];
  @Worker({ in: Ingots })
  class Smelter {
    handle(n: number): void {
      smelted.push(n);
    }
  }
  const providers = [Digger, Smelter, ...(more.providers ?? [])];
  const app = await start({ channels, clock, shutdown, ...more, providers });
  return { ...app, clock, open, signals, smelted, Digger, Smelter };
}

describe('stopping', () => {
  it('lets nothing new in, and no tick', async () => {
    const ticks: number[] = [];
    @Ticker({ every: '1s' })
    class Clockwork {
      tick({ sequence }: { sequence: number }): void {
        ticks.push(sequence);
      }
    }
    const { gateway, clock, open, Digger } = await mine({ providers: [Clockwork] });
    await gateway.command(Digger, 1);
    await clock.advance('2s');
    const stopped = gateway.stop();
    expect(gateway.stats().state).toBe('draining');
    expect(await rejection(gateway.command(Digger, 2))).toMatchObject({ code: 'WORKERS_STOPPING' });
    expect(await rejection(gateway.request(Digger, 2))).toMatchObject({ code: 'WORKERS_STOPPING' });
    await clock.advance('5s');
    expect(ticks).toEqual([0, 1]);
    open();
    await stopped;
    await clock.advance('5s');
    expect(ticks).toEqual([0, 1]);
    expect(gateway.stats()).toMatchObject({ state: 'stopped', tickers: { Clockwork: { state: 'stopped' } } });
  });

  it('waits for what is under way and for what waits, and delivers what comes of it', async () => {
    const { gateway, workers, clock, open, smelted, Digger } = await mine();
    for (const n of numbers(5)) await gateway.command(Digger, n);
    const stopped = gateway.stop();
    await clock.advance('7s');
    expect([gateway.stats().state, smelted]).toEqual(['draining', []]);
    open();
    await stopped;
    expect(smelted).toEqual([0, 1, 2, 3, 4]);
    expect(workers.events('workers.stopped')).toEqual([{ name: 'workers.stopped', tookMs: 7_000, leftovers: {} }]);
    expect(gateway.stats().channels).toMatchObject({ ingots: { drops: {}, leftOver: 0 }, jobs: { leftOver: 0 } });
  });

  it('lets a running handler still send', async () => {
    const { opened, open } = gate();
    @Worker({ in: Jobs, expose: true })
    class Foreman {
      constructor(private readonly gateway: WorkerGateway) {}

      async handle(n: number): Promise<void> {
        await opened;
        await this.gateway.command('Hauler', n);
      }
    }
    const hauled: number[] = [];
    @Worker({ in: Ingots, expose: true })
    class Hauler {
      handle(n: number): void {
        hauled.push(n);
      }
    }
    const { gateway } = await start({ channels, providers: [Foreman, Hauler] });
    await gateway.command(Foreman, 7);
    const stopped = gateway.stop();
    expect(await rejection(gateway.command(Hauler, 8))).toMatchObject({ code: 'WORKERS_STOPPING' });
    open();
    await stopped;
    expect(hauled).toEqual([7]);
  });

  it('asks what still runs to stop before the deadline, gives it up at the deadline, and never takes longer', async () => {
    const { gateway, workers, clock, signals, Digger } = await mine();
    await gateway.command(Digger, 1);
    const reply = rejection(gateway.request(Digger, 2));
    const stopped = gateway.stop().then(() => clock.now());
    await clock.advance('9999ms');
    expect(signals).toEqual([['WorkersStoppingError', 8_000]]);
    expect(gateway.stats().state).toBe('draining');
    await clock.advance('1m');
    expect(await stopped).toBe(10_000);
    expect(await reply).toMatchObject({ code: 'WORKERS_STOPPING' });
    expect(gateway.stats()).toMatchObject({ state: 'stopped', workers: { Digger: { aborted: 1, inFlight: 0 } } });
    expect(workers.events('workers.stopped')).toMatchObject([{ tookMs: 10_000, leftovers: { jobs: 1, Digger: 1 } }]);
  });

  it('counts what a handler returns in the grace, and what it throws as aborted', async () => {
    const clock = new HeldClock();
    @Worker({ in: Jobs, expose: true, concurrency: 2, timeout: false })
    class Obedient {
      handle(n: number, { signal }: WorkerContext): Promise<number> {
        return new Promise((resolve, reject) => {
          signal.addEventListener('abort', () => (n === 1 ? resolve(n) : reject(signal.reason as Error)));
        });
      }
    }
    const { gateway } = await start({ channels, providers: [Obedient], clock, shutdown });
    const replies = [gateway.request(Obedient, 1), rejection(gateway.request(Obedient, 2))];
    const stopped = gateway.stop().then(() => clock.now());
    await clock.advance('1m');
    expect(await stopped).toBe(8_000);
    expect(await Promise.all(replies)).toMatchObject([1, { code: 'WORKERS_STOPPING' }]);
    expect(gateway.stats().workers['Obedient']).toMatchObject({ done: 1, aborted: 1, failed: {} });
  });

  it('reports by name what was left, and hands it over', async () => {
    const handed: Leftover[] = [];
    const onLeftover = (leftovers: readonly Leftover[]): unknown => handed.push(...leftovers);
    const { gateway, workers, clock, Digger } = await mine({ onLeftover });
    for (const n of numbers(3)) await gateway.command(Digger, n, { headers: { cart: `${n}` } });
    const stopped = gateway.stop();
    await clock.advance('10s');
    await stopped;
    expect(handed.map(({ from, kind, messages }) => [from, kind, messages.map(({ payload }) => payload)])).toEqual([
      ['Digger', 'aborted', [0]],
      ['jobs', 'waiting', [1, 2]],
    ]);
    expect(handed.flatMap(({ messages }) => messages.map(({ headers }) => headers['cart']))).toEqual(['0', '1', '2']);
    expect(workers.events('workers.stopped')).toMatchObject([{ leftovers: { jobs: 2, Digger: 1 } }]);
    expect(gateway.stats().channels['jobs']).toMatchObject({ accepted: 3, taken: 1, leftOver: 2, depth: 0 });
  });

  it('refuses the senders that wait for room, with their messages', async () => {
    const { gateway, clock, Digger } = await mine();
    for (const n of numbers(9)) await gateway.command(Digger, n);
    const waiting = [rejection(gateway.command(Digger, 9)), rejection(gateway.request(Digger, 10))];
    expect(gateway.stats().channels['jobs']).toMatchObject({ depth: 8, pendingPuts: 2 });
    const stopped = gateway.stop();
    await clock.advance('10s');
    await stopped;
    expect(await Promise.all(waiting)).toMatchObject([
      { code: 'CHANNEL_CLOSED', undelivered: { payload: 9 } },
      { code: expect.stringMatching(/CHANNEL_CLOSED|WORKERS_STOPPING/) },
    ]);
    expect(gateway.stats().channels['jobs']).toMatchObject({ accepted: 9, refused: 2, leftOver: 8, pendingPuts: 0 });
  });

  it('stops before the other modules do, so that a handler that drains finds its database open', async () => {
    const order: string[] = [];
    const { opened, open } = gate();
    @Injectable()
    class Database implements OnModuleDestroy {
      isOpen = true;

      onModuleDestroy(): void {
        this.isOpen = false;
        order.push('database closed');
      }
    }
    @Worker({ in: Jobs, expose: true })
    class Writer {
      constructor(private readonly database: Database) {}

      async handle(_n: number): Promise<void> {
        await opened;
        order.push(this.database.isOpen ? 'written' : 'lost');
      }
    }
    @Module({ providers: [Database, Writer], imports: [WorkersModule.forFeature({ channels: [Jobs] })] })
    class StorageModule {}
    const { gateway, moduleRef } = await start({ imports: [StorageModule] });
    await gateway.command('Writer', 1);
    const closed = moduleRef.close();
    open();
    await closed;
    expect(order).toEqual(['written', 'database closed']);
  });

  it('may be asked for twice, before the start, and instead of it', async () => {
    const { gateway, open, Digger } = await mine({ autoStart: false });
    await gateway.command(Digger, 1);
    await Promise.all([gateway.stop(), gateway.stop()]);
    await gateway.stop();
    expect(await rejection(gateway.start())).toMatchObject({ code: 'WORKERS_STOPPING' });
    expect(gateway.stats()).toMatchObject({ state: 'stopped', channels: { jobs: { leftOver: 1, taken: 0 } } });
    open();
  });

  it('leaves nothing alive: no timer, no handle, and channels that have completed', async () => {
    const nothingLeft = leakCheck();
    @Ticker({ every: '1h' })
    class Clockwork {
      tick(): void {}
    }
    @Worker({ in: Jobs, expose: true, timeout: '1h' })
    class Digger {
      handle(_n: number): Promise<void> {
        return new Promise(() => {});
      }
    }
    const { gateway } = await start({
      channels,
      providers: [Clockwork, Digger],
      shutdown: { deadline: 50, abortGrace: 10 },
    });
    void gateway.request(Digger, 1, { timeout: '1h' }).catch(() => {});
    await gateway.command(Digger, 2);
    let isCompleted = false;
    gateway.channel(Ingots).subscribe({ complete: () => (isCompleted = true) });
    const startedAt = performance.now();
    await gateway.stop();
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(49);
    expect(isCompleted).toBe(true);
    await nothingLeft();
  });

  const obstacles: [string, Partial<Dispatcher>][] = [
    ['never becomes ready', { start: () => new Promise(() => {}) }],
    ['never gives back what it has', { stop: () => new Promise(() => {}) }],
    ['fails to give it back', { stop: () => Promise.reject(new Error('stuck')) }],
  ];
  it.each(obstacles)('keeps the deadline with a dispatcher that %s', async (_what, part) => {
    const dispatch: DispatchPlan = {
      kind: 'obstacle',
      create: () => ({
        start: () => {},
        askToStop: () => {},
        stop: () => {},
        abandon: () => {},
        dispatch: () => {},
        isolates: () => [],
        ...part,
      }),
    };
    const { gateway, clock } = await mine({ dispatch, autoStart: false });
    void gateway.start();
    await clock.advance(1);
    let isOver = false;
    void gateway.stop().then(() => (isOver = true));
    await clock.advance('10s');
    expect(isOver).toBe(true);
    expect(gateway.stats().state).toBe('stopped');
  });

  it('waits for the hand-over of what was left, but not for ever', async () => {
    const { gateway, workers, clock, Digger } = await mine({ onLeftover: () => new Promise(() => {}) });
    await gateway.command(Digger, 1);
    let isOver = false;
    void gateway.stop().then(() => (isOver = true));
    await clock.advance('10s');
    expect(isOver).toBe(false);
    await clock.advance('1s');
    await until(() => isOver);
    expect(workers.events('workers.fault')).toMatchObject([{ source: 'onLeftover' }]);
  });

  it('does not wait for messages that nobody waits for any more', async () => {
    const clock = new HeldClock();
    const { opened, open } = gate();
    @Worker({ in: Jobs, expose: true, timeout: false })
    class Lone {
      handle(_n: number): Promise<void> {
        return opened;
      }
    }
    const { gateway } = await start({ channels, clock, shutdown, providers: [Lone] });
    const first = gateway.request(Lone, 1);
    const late = rejection(gateway.request(Lone, 2, { timeout: '1s' }));
    await until(() => gateway.stats().workers['Lone']?.inFlight === 1);
    const stopped = gateway.stop();
    await clock.advance('1s');
    expect(await late).toMatchObject({ code: 'REQUEST_TIMEOUT' });
    open();
    await Promise.all([first, stopped]);
    expect([clock.now(), gateway.stats().channels['jobs']?.drops]).toEqual([1_000, { expired: 1 }]);
  });

  it('leaves no timer behind that would keep the application in memory', async () => {
    const { gateway, clock, Digger, open } = await mine();
    open();
    await gateway.request(Digger, 1);
    await gateway.request(Digger, 1, { timeout: '5m' });
    expect(clock.pending).toBeGreaterThan(0);
    await gateway.stop();
    expect(clock.pending).toBe(0);
  });

  it('nor does a message that ends in the moment in which its handler is to be entered; it is not run', async () => {
    const clock = new HeldClock();
    const ran: number[] = [];
    @Worker({ in: Jobs, expose: true })
    class Digger {
      handle(n: number): void {
        ran.push(n);
      }
    }
    const caller = new AbortController();
    const observer = ({ name }: { name: string }): void => {
      if (name === 'workers.started') caller.abort();
    };
    const { gateway } = await start({ channels, clock, shutdown, providers: [Digger], observer });
    expect(await rejection(gateway.request(Digger, 1, { signal: caller.signal }))).toMatchObject({
      code: 'REQUEST_ABORTED',
    });
    await gateway.stop();
    expect([ran, clock.pending]).toEqual([[], 0]);
  });
});

import { Injectable, Scope } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { map } from 'rxjs';
import {
  channel,
  Ticker,
  Worker,
  type WorkerContext,
  type WorkerFailure,
  type WorkerInterceptor,
  WorkersEvents,
  type WorkersModuleOptions,
} from '@nestjs-workers/core';
import { HeldClock } from '@nestjs-workers/core/testing';
import { numbers, start } from '../support/application.js';

const Jobs = channel<number>('jobs', { buffer: 64 });
const Others = channel<number>('others', { buffer: 64 });
const Results = channel<number>('results', { buffer: 64 });
const Failures = channel<WorkerFailure>('failures', { buffer: 64 });
const channels = [Jobs, Others, Results, Failures];

/** What reached the process while a test ran; the test runner would notice as well, but only at its own end. */
const escaped: unknown[] = [];
const note = (error: unknown): unknown => escaped.push(error);

beforeEach(() => {
  escaped.length = 0;
  process.on('uncaughtException', note).on('unhandledRejection', note);
});

afterEach(async () => {
  // Rejections are reported after the microtasks, and RxJS throws what nobody caught in a timer: one turn of each is enough.
  await new Promise((resolve) => setTimeout(resolve, 1));
  await new Promise((resolve) => setImmediate(resolve));
  process.off('uncaughtException', note).off('unhandledRejection', note);
  expect(escaped).toEqual([]);
});

function toss(thrown: unknown): never {
  throw thrown;
}

const bang = new Error('bang');
const trap = (): never => toss(new Error('trap'));

/** The ways to fail that JavaScript knows. */
const ways: [string, () => unknown][] = [
  ['throws an Error', () => toss(bang)],
  ['throws a string', () => toss('bang')],
  ['throws undefined', () => toss(undefined)],
  ['throws an object without prototype', () => toss(Object.create(null))],
  ['throws a proxy that throws when it is looked at', () => toss(new Proxy({}, { get: trap, getPrototypeOf: trap }))],
  [
    'throws an Error whose message throws',
    () => toss(Object.defineProperty(new Error('bang'), 'message', { get: trap })),
  ],
  ['rejects', () => Promise.reject(bang)],
  ['rejects with nothing', () => Promise.reject()],
  ['rejects after a turn of the event loop', () => new Promise((_, reject) => setImmediate(() => reject(bang)))],
  // oxlint-disable-next-line unicorn/no-thenable -- it is what is tested
  ['returns a thenable that throws', () => ({ then: () => toss(bang) })],
  // oxlint-disable-next-line unicorn/no-thenable -- it is what is tested
  ['returns an object whose then throws', () => Object.defineProperty({}, 'then', { get: trap })],
];

describe('a throwing handler harms nobody', () => {
  it.each(ways)(
    'one that %s: the next message is handled, the other worker and the ticker go on',
    async (_way, fail) => {
      const clock = new HeldClock();
      @Worker({ in: Jobs, expose: true, failures: Failures })
      class Fragile {
        handle(n: number): unknown {
          return n % 2 === 1 ? fail() : n;
        }
      }
      @Worker({ in: Others, expose: true })
      class Sturdy {
        handle(n: number): number {
          return n;
        }
      }
      @Ticker({ every: '1s', failures: Failures })
      class Clockwork {
        tick({ sequence }: { sequence: number }): unknown {
          return sequence % 2 === 1 ? fail() : sequence;
        }
      }
      const { gateway, workers } = await start({ channels, providers: [Fragile, Sturdy, Clockwork], clock });
      for (const n of numbers(10)) {
        await gateway.command(Fragile, n);
        await gateway.command(Sturdy, n);
      }
      await clock.advance('10s');
      await workers.drain();
      expect(gateway.stats()).toMatchObject({
        workers: {
          Fragile: { done: 5, failed: { handler_error: 5 }, inFlight: 0 },
          Sturdy: { done: 10, failed: {}, inFlight: 0 },
        },
        tickers: { Clockwork: { ticks: 10, done: 5, failed: 5, inFlight: 0 } },
        channels: { failures: { accepted: 10 } },
      });
      expect(await gateway.request(Fragile, 2)).toBe(2);
    },
  );

  it('neither does one whose provider cannot be made: the message fails, the next one is handled', async () => {
    let made = 0;
    @Injectable({ scope: Scope.REQUEST })
    class Drill {
      constructor() {
        if (++made === 1) throw new Error('no drill');
      }
    }
    @Worker({ in: Jobs, expose: true })
    class Digger {
      constructor(readonly drill: Drill) {}

      handle(n: number): number {
        return n;
      }
    }
    const { gateway, workers } = await start({ channels, providers: [Drill, Digger] });
    await gateway.command(Digger, 1);
    expect(await workers.drain()).toMatchObject({ failed: 1, errors: [new Error('no drill')] });
    expect(await gateway.request(Digger, 2)).toBe(2);
  });
});

/** Everybody else whose code the library calls. */
const bystanders: [string, WorkersModuleOptions][] = [
  ['an observer that throws', { observer: () => toss(bang) }],
  ['an observer that rejects', { observer: () => Promise.reject(bang) }],
  ['a redact function that throws', { redact: () => toss(bang) }],
];

@Worker({ in: Jobs, out: Results, failures: Failures, expose: true })
class Doubler {
  handle(n: number, context: WorkerContext): number {
    context.emit('doubling', n);
    context.progress(n);
    if (n === 3) throw bang;
    return n * 2;
  }
}

describe('those around a handler harm nobody either', () => {
  it.each(bystanders)('%s: every message is handled, and the fault is told', async (_who, options) => {
    const { gateway, workers } = await start({ channels, providers: [Doubler], ...options });
    for (const n of numbers(5)) await gateway.command(Doubler, n);
    expect(await workers.drain()).toMatchObject({ done: 4, failed: 1 });
    const faults = workers.events('workers.fault');
    expect(new Set(faults.map(({ error }) => error))).toEqual(new Set([bang]));
    expect(new Set(faults.map(({ source }) => source)).size).toBe(1);
  });

  it('an observer that throws is told of once, and the others hear everything', async () => {
    const { gateway, workers, moduleRef } = await start({
      channels,
      providers: [Doubler],
      observer: () => toss(bang),
    });
    const heard: string[] = [];
    moduleRef.get(WorkersEvents).events$.subscribe(() => toss(bang));
    moduleRef.get(WorkersEvents).events$.subscribe(({ name }) => heard.push(name));
    for (const n of numbers(3)) await gateway.command(Doubler, n);
    await workers.drain();
    expect(heard.filter((name) => name === 'workers.completed')).toHaveLength(3);
    expect(workers.events('workers.fault').length).toBeLessThanOrEqual(2);
  });

  it.each([
    ['next', 'direct'],
    ['next', 'piped'],
    ['operator', 'piped'],
  ])(
    'a subscriber of a channel that throws in its %s (%s): the message is taken, the next one comes',
    async (where, how) => {
      const { gateway, workers } = await start({ channels, providers: [Doubler] });
      const got: number[] = [];
      const results = gateway.channel(Results);
      const source =
        how === 'direct' ? results : results.pipe(map((n) => (where === 'operator' && n === 2 ? toss(bang) : n)));
      source.subscribe((n) => {
        got.push(n);
        if (where === 'next' && n === 2) throw bang;
      });
      results.tap$.subscribe(() => toss(bang));
      for (const n of [0, 1, 2]) await gateway.command(Doubler, n);
      expect(await workers.drain()).toMatchObject({ done: 3, failed: 0 });
      // An operator that throws ends its own subscription, as RxJS says; the channel goes on.
      expect(got).toEqual(where === 'operator' ? [0] : [0, 2, 4]);
      expect(gateway.channel(Results).state).toBe('open');
      expect(workers.events('workers.fault').length).toBeGreaterThan(0);
    },
  );

  it('a subscriber of progress that throws: the handler goes on, and its caller is answered', async () => {
    const { gateway } = await start({ channels, providers: [Doubler] });
    const reply = gateway.request(Doubler, 2);
    const piped: unknown[] = [];
    reply.progress$.subscribe(() => toss(bang));
    reply.progress$.pipe(map(() => toss(bang))).subscribe();
    reply.progress$.subscribe((step) => piped.push(step));
    expect(await reply).toBe(4);
    expect(piped).toEqual([2]);
  });

  it('an error() on a channel: it is told, and the channel goes on', async () => {
    const { gateway, workers } = await start({ channels, providers: [Doubler] });
    gateway.channel(Jobs).error(bang);
    expect(workers.events('workers.fault')).toMatchObject([{ source: 'channel "jobs"', error: bang }]);
    expect(await gateway.request(Doubler, 2)).toBe(4);
  });

  it('a key function that throws: the message is handled', async () => {
    @Worker({ in: Jobs, expose: true, key: () => toss(bang) })
    class Keyed {
      handle(n: number): number {
        return n;
      }
    }
    const { gateway, workers } = await start({ channels, providers: [Keyed] });
    for (const n of numbers(3)) await gateway.command(Keyed, n);
    expect(await workers.drain()).toMatchObject({ done: 3, failed: 0 });
    expect(workers.events('workers.fault').length).toBeGreaterThan(0);
  });

  const interceptor: [string, WorkerInterceptor][] = [
    ['throws', { handle: () => toss(bang) }],
    ['rejects', { handle: () => Promise.reject(bang) }],
    ['throws after the handler', { handle: async (_message, _context, next) => (await next(), toss(bang)) }],
  ];
  it.each(interceptor)('an interceptor that %s: its message fails, the worker goes on', async (_way, use) => {
    let isOn = true;
    const once: WorkerInterceptor = {
      handle: (message, context, next) => (isOn && use.handle ? use.handle(message, context, next) : next()),
    };
    const { gateway, workers } = await start({ channels, providers: [Doubler], use: [once] });
    await gateway.command(Doubler, 1);
    expect(await workers.drain()).toMatchObject({ failed: 1, errors: [bang] });
    isOn = false;
    expect(await gateway.request(Doubler, 1)).toBe(2);
  });

  it('an onLeftover that throws: the stop ends all the same, and tells', async () => {
    const { gateway, workers } = await start({
      channels,
      providers: [Doubler],
      autoStart: false,
      onLeftover: () => toss(bang),
    });
    await gateway.command(Doubler, 1);
    await gateway.stop();
    expect(workers.events('workers.fault')).toMatchObject([{ source: 'onLeftover', error: bang }]);
    expect(workers.events('workers.stopped')).toMatchObject([{ leftovers: { jobs: 1 } }]);
  });
});

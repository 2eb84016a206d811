import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { Channel } from '../channel/channel.js';
import { channel } from '../channel/channel.declaration.js';
import { InjectChannel } from '../channel/channel.decorator.js';
import { boot } from '../testing/fixtures/boot.js';
import { calm, gate, rejection } from '../testing/fixtures/promises.js';
import { HeldClock } from '../testing/held.clock.js';
import { RecordingDispatcher } from '../testing/recording.dispatcher.js';
import { Ticker } from '../ticker/ticker.decorator.js';
import { Worker } from '../worker/worker.decorator.js';
import { WorkerNotExposedError, WorkerUnknownError } from '../worker/worker.errors.js';
import { WorkerGateway } from './worker.gateway.js';

const Numbers = channel<number>('numbers', { buffer: 4 });
const Doubles = channel<number>('doubles', { buffer: 4 });

@Worker({ in: Numbers, out: Doubles, expose: true })
class Doubler {
  async handle(n: number): Promise<number> {
    return Promise.resolve(n * 2);
  }
}

@Worker({ in: Doubles })
class Hidden {
  handle(_n: number): void {}
}

const channels = [Numbers, Doubles];
const providers = [Doubler, Hidden];

describe('the gateway', () => {
  it('addresses a worker by its class or by its name', async () => {
    const { gateway } = await boot({ channels, providers });
    expect(await gateway.request(Doubler, 1)).toBe(2);
    expect(await gateway.request('Doubler', 2)).toBe(4);
    expect(await gateway.command(Doubler, 3)).toBe('accepted');
    expect(await gateway.command('Doubler', 4)).toBe('accepted');
  });

  it('refuses an unknown worker, with the names it knows and the near miss', async () => {
    const { gateway } = await boot({ channels, providers });
    for (const refused of [gateway.command('Dubler', 1), gateway.request('Dubler', 1)]) {
      const error = await rejection(refused);
      expect(error).toBeInstanceOf(WorkerUnknownError);
      expect(error).toMatchObject({ code: 'WORKER_UNKNOWN', asked: 'Dubler', known: ['Doubler', 'Hidden'] });
      expect(error.message).toBe(
        'Worker "Dubler" was addressed and is not registered. Known: "Doubler", "Hidden". Did you mean "Doubler"? Provide the class in a module, with ...provideWorkers() where it runs in a thread or process.',
      );
    }
  });

  it('refuses a class that is no provider here', async () => {
    class Stranger {
      handle(_n: number): void {}
    }
    const { gateway } = await boot({ channels, providers });
    expect((await rejection(gateway.command(Stranger, 1))).message).toMatch(/^Worker "Stranger" was addressed/);
  });

  it('refuses a worker that is not exposed, with those that are', async () => {
    const { gateway } = await boot({ channels, providers });
    for (const refused of [gateway.command(Hidden, 1), gateway.request('Hidden', 1)]) {
      const error = await rejection(refused);
      expect(error).toBeInstanceOf(WorkerNotExposedError);
      expect(error).toMatchObject({ code: 'WORKER_NOT_EXPOSED', worker: 'Hidden', exposed: ['Doubler'] });
      expect(error.message).toBe(
        'Worker "Hidden" was addressed and is not exposed. Exposed: "Doubler". Set expose: true in its @Worker options, or put on its channel instead.',
      );
    }
  });

  it('gives a reply to what it refuses, so that progress$ is there in any case', async () => {
    const { gateway } = await boot({ channels, providers });
    const reply = gateway.request('Dubler', 1);
    const told: string[] = [];
    reply.progress$.subscribe({ complete: () => told.push('complete') });
    await rejection(reply);
    expect(told).toEqual(['complete']);
  });

  it('gives the live channel, by its constant or its name', async () => {
    const { gateway } = await boot({ channels, providers: [Doubler] });
    expect(gateway.channel(Doubles)).toBeInstanceOf(Channel);
    expect(gateway.channel('doubles')).toBe(gateway.channel(Doubles));
    expect(() => gateway.channel('dubles')).toThrow(
      'Channel "dubles" was asked for and is not declared. Known: "numbers", "doubles". Did you mean "doubles"? Declare it in forRoot({ channels: [...] }) or forFeature.',
    );
  });

  it('is injected, and so is a channel', async () => {
    @Injectable()
    class Shop {
      constructor(
        readonly gateway: WorkerGateway,
        @InjectChannel(Doubles) readonly doubles: Channel<number>,
        @InjectChannel('numbers') readonly numbers: Channel<number>,
        @Inject(WorkerGateway) readonly again: WorkerGateway,
      ) {}
    }
    const { moduleRef, gateway } = await boot({ channels, providers: [...providers, Shop] });
    const shop = moduleRef.get(Shop);
    expect([shop.gateway, shop.again]).toEqual([gateway, gateway]);
    expect([shop.doubles, shop.numbers]).toEqual([gateway.channel(Doubles), gateway.channel(Numbers)]);
  });
});

describe('stats', () => {
  it('are a plain snapshot of every channel, worker and ticker', async () => {
    @Ticker({ every: '1s' })
    class Clock {
      tick(): void {}
    }
    const clock = new HeldClock();
    const { gateway } = await boot({ channels, providers: [Doubler, Clock], clock });
    await gateway.request(Doubler, 1);
    await clock.advance('1s');
    const stats = gateway.stats();
    expect(JSON.parse(JSON.stringify(stats))).toEqual(stats);
    const none = { p50: 0, p95: 0, p99: 0 };
    expect(stats).toEqual({
      state: 'running',
      channels: {
        numbers: {
          depth: 0,
          capacity: 4,
          pendingPuts: 0,
          maxPendingPuts: 1024,
          accepted: 1,
          refused: 0,
          taken: 1,
          drops: {},
          leftOver: 0,
          oldestAgeMs: 0,
          isSaturated: false,
          isPaused: false,
        },
        doubles: {
          depth: 1,
          capacity: 4,
          pendingPuts: 0,
          maxPendingPuts: 1024,
          accepted: 1,
          refused: 0,
          taken: 0,
          drops: {},
          leftOver: 0,
          oldestAgeMs: 1_000,
          isSaturated: false,
          isPaused: false,
        },
      },
      workers: {
        Doubler: {
          state: 'running',
          inFlight: 0,
          concurrency: 1,
          unsettled: 0,
          maxUnsettled: 2,
          done: 1,
          failed: {},
          aborted: 0,
          lost: 0,
          leftOver: 0,
          waitMs: none,
          runMs: none,
          isolates: [],
        },
      },
      tickers: {
        Clock: {
          state: 'running',
          ticks: 1,
          skipped: 0,
          done: 1,
          failed: 0,
          aborted: 0,
          driftMs: 0,
          inFlight: 0,
          concurrency: 1,
          queued: 0,
          maxQueued: 0,
          leftOver: 0,
          runMs: none,
          isolates: [],
        },
      },
      relays: {},
    });
  });

  it("tell by the machine's own clock how long a handler took that waited for something", async () => {
    const Naps = channel<number>('naps', { buffer: 1 });
    @Worker({ in: Naps, expose: true })
    class Napper {
      handle(ms: number): Promise<void> {
        return sleep(ms);
      }
    }
    const { gateway } = await boot({ channels: [Naps], providers: [Napper] });
    await gateway.request(Napper, 50);
    // A timer may be a millisecond early, and what is told is true within 6 %.
    expect(gateway.stats().workers['Napper']?.runMs.p50).toBeGreaterThan(45);
  });

  it('balance: what was put is in one place or another', async () => {
    const Narrow = channel<number>('narrow', { buffer: 2, bufferType: 'sliding' });
    @Worker({ in: Narrow, expose: true })
    class Picky {
      handle(n: number): void {
        if (n % 2 === 0) throw new Error('even');
      }
    }
    const dispatch = new RecordingDispatcher((run) => void run.handle());
    const { gateway, workers } = await boot({ channels: [Narrow], providers: [Picky], dispatch });
    for (let n = 0; n < 50; n++) void gateway.command(Picky, n);
    await workers.drain();
    const { channels: c, workers: w } = gateway.stats();
    const { accepted, drops, taken } = c['narrow'] as NonNullable<(typeof c)[string]>;
    const { done, failed } = w['Picky'] as NonNullable<(typeof w)[string]>;
    expect(accepted).toBe(50);
    expect(accepted).toBe(taken + (drops['buffer-slide'] ?? 0));
    expect(taken).toBe(done + (failed['handler_error'] ?? 0));
  });
});

describe('two workers on one channel', () => {
  it('compete: each message goes to one of them', async () => {
    const taken: string[] = [];
    const { opened, open } = gate();
    const both = (name: string) => {
      @Worker({ in: Numbers, expose: true, name })
      class Taker {
        async handle(n: number): Promise<void> {
          taken.push(`${name} ${n}`);
          await opened;
        }
      }
      return Taker;
    };
    const { gateway, workers } = await boot({ channels, providers: [both('one'), both('two')] });
    for (const n of [1, 2, 3, 4]) await gateway.command('one', n);
    await calm();
    expect(new Set(taken.map((line) => line.split(' ')[0]))).toEqual(new Set(['one', 'two']));
    expect(taken).toHaveLength(2);
    open();
    expect(await workers.drain()).toMatchObject({ done: 4 });
    expect(new Set(taken.map((line) => line.split(' ')[1]))).toEqual(new Set(['1', '2', '3', '4']));
  });
});

describe('a worker with a key', () => {
  it('handles messages of one key in order, and others beside them', async () => {
    const Orders = channel<{ shop: string; n: number }>('orders', { buffer: 16 });
    @Worker({ in: Orders, expose: true, concurrency: 4, key: ({ payload }) => payload.shop })
    class Clerk {
      handle(_order: { shop: string; n: number }): void {}
    }
    const dispatch = new RecordingDispatcher();
    const { gateway } = await boot({ channels: [Orders], providers: [Clerk], dispatch });
    for (const shop of ['a', 'b']) for (const n of [1, 2, 3]) await gateway.command(Clerk, { shop, n });
    await calm();
    const running = () => dispatch.runs.filter(({ state }) => state === 'running');
    expect(running().map(({ payload }) => payload)).toEqual([
      { shop: 'a', n: 1 },
      { shop: 'b', n: 1 },
    ]);
    running()[0]?.fail(new Error('also a failure lets the next one follow'));
    await calm();
    expect(running().map(({ payload }) => payload)).toEqual([
      { shop: 'b', n: 1 },
      { shop: 'a', n: 2 },
    ]);
    for (let ended = 1; ended < 6; ended++) {
      running()[0]?.done();
      await calm();
    }
    expect(dispatch.runs.map(({ payload }) => (payload as { n: number }).n)).toEqual([1, 1, 2, 2, 3, 3]);
  });
});

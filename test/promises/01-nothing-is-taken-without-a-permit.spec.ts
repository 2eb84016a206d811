import { describe, expect, it } from 'vitest';
import { channel, Ticker, Worker, type WorkerContext } from '@nestjs-workers/core';
import { HeldClock, RecordingDispatcher, until } from '@nestjs-workers/core/testing';
import { gate, numbers, start } from '../support/application.js';

const Jobs = channel<number>('jobs', { buffer: 32 });

describe('nothing is taken without a free permit', () => {
  it('keeps what comes beyond the permits in the channel and handles it later: of 25 at a concurrency of 10, 25 are done', async () => {
    @Worker({ in: Jobs, expose: true, concurrency: 10 })
    class Digger {
      handle(_n: number): void {}
    }
    const dispatch = new RecordingDispatcher();
    const { gateway } = await start({ channels: [Jobs], providers: [Digger], dispatch });
    for (const n of numbers(25)) await gateway.command(Digger, n);

    await until(() => dispatch.runs.length === 10);
    expect(gateway.stats().channels['jobs']).toMatchObject({ taken: 10, depth: 15 });
    for (let done = 1; done <= 25; done++) {
      (await dispatch.next()).done();
      await until(() => dispatch.runs.length === Math.min(done + 10, 25));
      expect(gateway.stats().channels['jobs']?.taken).toBe(dispatch.runs.length);
    }
    expect(gateway.stats()).toMatchObject({
      channels: { jobs: { accepted: 25, taken: 25, depth: 0, drops: {} } },
      workers: { Digger: { done: 25, inFlight: 0, failed: {} } },
    });
  });

  it.each([1, 3, 16])('runs %i side by side when it may, never more, and uses every permit', async (concurrency) => {
    const handled: number[] = [];
    const inside = { now: 0, most: 0 };
    @Worker({ in: Jobs, expose: true, concurrency })
    class Digger {
      async handle(n: number): Promise<void> {
        inside.most = Math.max(inside.most, ++inside.now);
        for (let step = 0; step < n % 5; step++) await (step % 2 === 0 ? null : new Promise(setImmediate));
        handled.push(n);
        inside.now--;
      }
    }
    const { gateway, workers } = await start({ channels: [Jobs], providers: [Digger] });
    for (const n of numbers(500)) await gateway.command(Digger, n);
    await workers.drain();
    expect(inside.most).toBe(concurrency);
    expect(handled.toSorted((a, b) => a - b)).toEqual(numbers(500));
  });

  it('gives each message to one of the workers that compete for a channel, and to no worker more than it has permits for', async () => {
    const dispatch = new RecordingDispatcher();
    @Worker({ in: Jobs, concurrency: 2 })
    class Left {
      handle(_n: number): void {}
    }
    @Worker({ in: Jobs, concurrency: 3 })
    class Right {
      handle(_n: number): void {}
    }
    const { gateway, workers } = await start({ channels: [Jobs], providers: [Left, Right], dispatch });
    for (const n of numbers(20)) gateway.channel(Jobs).next(n);
    await until(() => dispatch.runs.length === 5);
    expect(gateway.stats()).toMatchObject({
      channels: { jobs: { taken: 5, depth: 15 } },
      workers: { Left: { inFlight: 2 }, Right: { inFlight: 3 } },
    });
    for (let done = 0; done < 20; done++) (await dispatch.next()).done();
    await workers.drain();
    expect(dispatch.runs.map(({ payload }) => Number(payload)).toSorted((a, b) => a - b)).toEqual(numbers(20));
  });

  it('holds for ticks too: with three permits, three run and the others are skipped', async () => {
    const clock = new HeldClock();
    const { opened, open } = gate();
    @Ticker({ every: '1s', overlap: 'allow', concurrency: 3 })
    class Clockwork {
      tick(): Promise<void> {
        return opened;
      }
    }
    const { gateway } = await start({ providers: [Clockwork], clock });
    await clock.advance('5s');
    expect(gateway.stats().tickers['Clockwork']).toMatchObject({ ticks: 3, inFlight: 3, concurrency: 3, skipped: 2 });
    open();
  });

  it('lends a permit once: a handler that was given up and comes back late frees no second one', async () => {
    const clock = new HeldClock();
    const late = gate();
    const inside = { now: 0, most: 0 };
    const next = gate();
    @Worker({ in: Jobs, expose: true, timeout: '1s' })
    class Digger {
      async handle(n: number): Promise<void> {
        if (n === 0) return late.opened;
        inside.most = Math.max(inside.most, ++inside.now);
        await next.opened;
        inside.now--;
      }
    }
    const { gateway, workers } = await start({ channels: [Jobs], providers: [Digger], clock });
    for (const n of numbers(4)) await gateway.command(Digger, n);
    await clock.advance('1s');
    const isLate = workers.next('workers.late', { what: 'result' });
    late.open();
    await isLate;
    expect(gateway.stats()).toMatchObject({ channels: { jobs: { depth: 2 } }, workers: { Digger: { inFlight: 1 } } });
    next.open();
    await workers.drain();
    expect(inside.most).toBe(1);
    expect(gateway.stats().workers['Digger']).toMatchObject({ done: 3, failed: { handler_timeout: 1 }, inFlight: 0 });
  });
});

describe('what is taken', () => {
  it('ends in exactly one recorded outcome, whatever its handler does and however late', async () => {
    const clock = new HeldClock();
    const { opened, open } = gate();
    const kinds = ['value', 'throw', 'reject', 'hang', 'left', 'value'];
    @Worker({ in: Jobs, expose: true, concurrency: 4, timeout: '1s' })
    class Digger {
      handle(n: number, { reply }: WorkerContext): unknown {
        const kind = kinds[n % kinds.length];
        if (kind === 'throw') throw new Error(`no ${n}`);
        if (kind === 'reject') return Promise.reject(new Error(`no ${n}`));
        return kind === 'hang' || kind === 'left' ? opened : reply.length;
      }
    }
    const { gateway, workers } = await start({ channels: [Jobs], providers: [Digger], clock });
    for (const n of numbers(30)) {
      if (kinds[n % kinds.length] === 'left') gateway.request(Digger, n, { timeout: '10s' }).catch(() => {});
      else await gateway.command(Digger, n);
    }
    await clock.advance('1m');
    open();
    await clock.advance('1m');

    const ends = workers
      .events()
      .filter(({ name }) => ['workers.completed', 'workers.error', 'workers.aborted'].includes(name))
      .map((event) => ('messageId' in event ? event.messageId : undefined));
    const { jobs } = gateway.stats().channels;
    expect(jobs).toMatchObject({ accepted: 30, depth: 0 });
    expect(ends).toHaveLength((jobs?.taken ?? 0) - (jobs?.drops.expired ?? 0));
    expect(new Set(ends).size).toBe(ends.length);
    const { done, failed, aborted, inFlight } = gateway.stats().workers['Digger'] ?? {};
    expect([done, failed?.handler_error, inFlight]).toEqual([10, 10, 0]);
    expect((failed?.handler_timeout ?? 0) + (aborted ?? 0) + (jobs?.drops.expired ?? 0)).toBe(10);
  });
});

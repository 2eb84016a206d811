import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { channel, type Outcome, Worker, type WorkerFailure } from '@nestjs-workers/core';
import { RecordingDispatcher, until } from '@nestjs-workers/core/testing';
import { gate, numbers, rejection, start } from '../support/application.js';
import { compute } from '../support/computing.js';
import { SlowToSettle } from '../support/settling.js';

// Cases that other systems fail and that belong to no single law; docs/acceptance.md has the whole list.

const Jobs = channel<number>('jobs', { buffer: 10 });
const Failures = channel<WorkerFailure>('failures', { buffer: 10 });

describe('load', () => {
  it('is shed by what waits, never by permits in use: ten of ten run', async () => {
    const Narrow = channel<number>('jobs', { buffer: 10, shed: { at: 0.8 } });
    @Worker({ in: Narrow, expose: true, concurrency: 10 })
    class Digger {
      handle(_n: number): void {}
    }
    const dispatch = new RecordingDispatcher();
    const { gateway } = await start({ channels: [Narrow], providers: [Digger], dispatch });
    for (const n of numbers(10)) {
      expect(await gateway.command(Digger, n)).toBe('accepted');
      await until(() => dispatch.runs.length === n + 1);
    }
    for (const n of numbers(8)) expect(await gateway.command(Digger, n)).toBe('accepted');
    expect(gateway.stats()).toMatchObject({
      workers: { Digger: { inFlight: 10, concurrency: 10 } },
      channels: { jobs: { depth: 8, refused: 0 } },
    });
  });

  it('that was refused is counted, and taken when it is sent again', async () => {
    const Narrow = channel<number>('jobs', { buffer: 2, shed: true });
    @Worker({ in: Narrow, expose: true })
    class Digger {
      handle(n: number): number {
        return n;
      }
    }
    const dispatch = new RecordingDispatcher();
    const { gateway } = await start({ channels: [Narrow], providers: [Digger], dispatch });
    for (const n of numbers(3)) await gateway.command(Digger, n);
    expect(await rejection(gateway.command(Digger, 3))).toMatchObject({ code: 'OVERLOADED', retryAfterMs: 1_000 });
    expect(gateway.stats().channels['jobs']).toMatchObject({ refused: 1, accepted: 3 });
    for (let sent = 0; sent < 3; sent++) (await dispatch.next()).done();
    await until(() => gateway.stats().workers['Digger']?.done === 3);
    const reply = gateway.request(Digger, 3);
    (await dispatch.next()).done(3);
    expect(await reply).toBe(3);
  });
});

describe('a message', () => {
  it('is settled once, with its outcome, after its handler and never when it is taken', async () => {
    const order: string[] = [];
    class Watched extends SlowToSettle<number> {
      override settle(outcome?: Outcome): void {
        order.push(`settled ${outcome?.type}`);
      }
    }
    const { opened, open } = gate();
    @Worker({ in: Jobs })
    class Digger {
      async handle(n: number): Promise<void> {
        order.push('entered');
        await opened;
        order.push('left');
        if (n === 1) throw new Error('no');
      }
    }
    const { gateway, workers } = await start({ channels: [Jobs], providers: [Digger] });
    for (const n of [0, 1]) void gateway.channel(Jobs).put(new Watched(n));
    await until(() => order.length === 1);
    open();
    await workers.drain();
    expect(order).toEqual(['entered', 'left', 'settled done', 'entered', 'left', 'settled failed']);
  });
});

describe('the guard', () => {
  const guarded = { channels: [Jobs, Failures], guard: 'fail', guardMs: 25 } as const;

  it('blames no handler that is quick, nor one that only waits', async () => {
    @Worker({ in: Jobs, expose: true, concurrency: 10 })
    class Digger {
      async handle(n: number): Promise<number> {
        // Four times what the guard allows, by the clock: it is time that passes and nobody's work.
        if (n > 0) await sleep(100);
        return n;
      }
    }
    const { gateway, workers } = await start({ ...guarded, providers: [Digger] });
    expect(await Promise.all(numbers(10).map((n) => gateway.request(Digger, n)))).toEqual(numbers(10));
    expect(workers.events('workers.blocked')).toEqual([]);
  });

  it('names the worker, the message and the time of one that blocks, and its failure goes where failures go', async () => {
    @Worker({ in: Jobs, expose: true, failures: Failures })
    class Blocker {
      handle(ms: number): void {
        compute(ms);
      }
    }
    const { gateway, workers } = await start({ ...guarded, providers: [Blocker] });
    const told = workers.next('workers.blocked');
    await gateway.command(Blocker, 80);
    const { worker, messageId, blockedMs } = await told;
    await workers.drain();
    expect(workers.sent(Failures)).toMatchObject([
      { worker, messageId, kind: 'handler_blocked', retryable: false, payload: 80 },
    ]);
    expect(worker).toBe('Blocker');
    expect(blockedMs).toBeGreaterThan(25);
    expect(gateway.stats().workers['Blocker']).toMatchObject({ failed: { handler_blocked: 1 }, inFlight: 0 });
  });

  it('lets a handler throw as without it, and the next message waits for the one before', async () => {
    const inside = { now: 0, most: 0 };
    @Worker({ in: Jobs, expose: true, failures: Failures })
    class Digger {
      async handle(n: number): Promise<void> {
        inside.most = Math.max(inside.most, ++inside.now);
        await new Promise(setImmediate);
        inside.now--;
        if (n % 2 === 1) throw new Error(`no ${n}`);
      }
    }
    const { gateway, workers } = await start({ ...guarded, providers: [Digger] });
    for (const n of numbers(6)) await gateway.command(Digger, n);
    expect(await workers.drain()).toMatchObject({ done: 3, errors: [1, 3, 5].map((n) => new Error(`no ${n}`)) });
    expect(inside.most).toBe(1);
  });
});

describe('an application', () => {
  it('takes nothing once it has stopped, through no door', async () => {
    @Worker({ in: Jobs, expose: true })
    class Digger {
      readonly handled: number[] = [];

      handle(n: number): void {
        this.handled.push(n);
      }
    }
    const { gateway, workers, moduleRef } = await start({ channels: [Jobs], providers: [Digger] });
    const jobs = gateway.channel(Jobs);
    await gateway.command(Digger, 1);
    await workers.drain();
    await gateway.stop();
    jobs.next(2);
    expect(() => jobs.put(new SlowToSettle(3))).toThrow('which is closed');
    expect(await rejection(gateway.command(Digger, 4))).toMatchObject({ code: 'WORKERS_STOPPING' });
    expect(moduleRef.get(Digger).handled).toEqual([1]);
    expect(jobs.stats()).toMatchObject({ accepted: 1, taken: 1, drops: { 'input-drop': 1 }, refused: 2 });
  });

  it('tells its start and its stop once each, however often it is asked', async () => {
    @Worker({ in: Jobs })
    class Digger {
      handle(_n: number): void {}
    }
    const { gateway, workers } = await start({ channels: [Jobs], providers: [Digger], autoStart: false });
    await Promise.all([gateway.start(), gateway.start()]);
    await gateway.start();
    await Promise.all([gateway.stop(), gateway.stop()]);
    await gateway.stop();
    expect(workers.events()).toMatchObject([
      { name: 'workers.running', workers: ['Digger'], tickers: [] },
      { name: 'workers.stopped', leftovers: {} },
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import {
  channel,
  DROP_REASONS,
  type DropReason,
  Ticker,
  Worker,
  type WorkerFailure,
  WorkerGateway,
} from '@nestjs-workers/core';
import { HeldClock } from '@nestjs-workers/core/testing';
import { booksOf, sum } from '../support/books.js';
import { codeOf } from '../support/computing.js';
import { gate, numbers, start } from '../support/application.js';

const { opened: never } = gate();
const Out = channel<number>('out', { buffer: 1 });
const Failures = channel<WorkerFailure>('failures', { buffer: 1 });

/** An application whose every message waits in channel "jobs" until the test is over, as its worker is busy with the first. */
async function busy(options: Parameters<typeof channel>[1]) {
  const Jobs = channel<number>('jobs', options as object);
  @Worker({ in: Jobs, expose: true, timeout: false })
  class Digger {
    handle(_n: number): Promise<void> {
      return never;
    }
  }
  const clock = new HeldClock();
  const app = await start({ channels: [Jobs], providers: [Digger], clock });
  await app.gateway.command(Digger, 0);
  const send = (from: number, to: number) =>
    Promise.all(numbers(to - from).map((n) => app.gateway.command(Digger, from + n)));
  return { ...app, clock, Digger, Jobs, send };
}

/** For each reason: how to bring it about ten times, and on which channel it is counted. */
const losses: Record<DropReason, { on: string; lose: () => Promise<Awaited<ReturnType<typeof start>>> }> = {
  'input-drop': {
    on: 'jobs',
    lose: async () => {
      const app = await busy({ buffer: 1, putMode: 'drop' });
      expect(await app.send(1, 12)).toEqual(['accepted', ...numbers(10).map(() => 'dropped')]);
      return app;
    },
  },
  'buffer-drop': {
    on: 'jobs',
    lose: async () => {
      const app = await busy({ buffer: 1, bufferType: 'dropping' });
      expect(await app.send(1, 12)).toEqual(['accepted', ...numbers(10).map(() => 'dropped')]);
      return app;
    },
  },
  'buffer-slide': {
    on: 'jobs',
    lose: async () => {
      const app = await busy({ buffer: 1, bufferType: 'sliding' });
      expect(new Set(await app.send(1, 12))).toEqual(new Set(['accepted']));
      expect(app.gateway.channel(app.Jobs).take()?.payload).toBe(11);
      return app;
    },
  },
  expired: {
    on: 'jobs',
    lose: async () => {
      @Worker({ in: 'jobs', expose: true })
      class Digger {
        handle(n: number): number {
          return n;
        }
      }
      const clock = new HeldClock();
      const Jobs = channel<number>('jobs', { buffer: 16 });
      const app = await start({ channels: [Jobs], providers: [Digger], clock, autoStart: false });
      for (const n of numbers(10)) app.gateway.request(Digger, n, { timeout: '1s' }).catch(() => {});
      await clock.advance('1s');
      await app.gateway.start();
      return app;
    },
  },
  'output-drop': {
    on: 'out',
    lose: async () => {
      @Worker({ in: 'jobs', out: Out, expose: true })
      class Digger {
        handle(n: number): number {
          return n;
        }
      }
      const app = await start({ channels: [channel('jobs', { buffer: 16 }), Out], providers: [Digger] });
      for (const n of numbers(11)) await app.gateway.command(Digger, n);
      await app.workers.drain();
      return app;
    },
  },
  'ticker-output-drop': {
    on: 'out',
    lose: async () => {
      @Ticker({ every: '5ms', out: Out })
      class Clockwork {
        tick({ sequence }: { sequence: number }): number {
          return sequence;
        }
      }
      const clock = new HeldClock();
      const app = await start({ channels: [Out], providers: [Clockwork], clock });
      await clock.advance('55ms');
      return app;
    },
  },
  'failures-full': {
    on: 'failures',
    lose: async () => {
      @Worker({ in: 'jobs', failures: Failures, expose: true })
      class Digger {
        handle(n: number): number {
          throw new Error(`no ${n}`);
        }
      }
      const app = await start({ channels: [channel('jobs', { buffer: 16 }), Failures], providers: [Digger] });
      for (const n of numbers(11)) await app.gateway.command(Digger, n);
      await app.workers.drain();
      return app;
    },
  },
};

describe('every drop is counted and announced', () => {
  it.each(DROP_REASONS)('under %s', async (reason) => {
    const { on, lose } = losses[reason];
    const { gateway, workers } = await lose();
    expect(gateway.stats().channels[on]?.drops).toEqual({ [reason]: 10 });
    const told = workers.events('workers.drop');
    expect(told).toHaveLength(10);
    expect(new Set(told.map(({ messageId }) => messageId)).size).toBe(10);
    expect(told[0]).toMatchObject({ channel: on, reason });
  });

  it.each(['dropping', 'sliding'] as const)(
    'also when a %s buffer meets putMode drop: of 10 that are sent, the 8 that are lost are counted',
    async (bufferType) => {
      const { gateway, workers, send } = await busy({ buffer: 2, bufferType, putMode: 'drop' });
      await send(1, 11);
      const reason = bufferType === 'dropping' ? 'buffer-drop' : 'buffer-slide';
      expect(gateway.stats().channels['jobs']).toMatchObject({ depth: 2, drops: { [reason]: 8 } });
      expect(workers.events('workers.drop')).toHaveLength(8);
    },
  );

  it('also by next() on a channel that is full or closed', async () => {
    const { gateway, workers, Jobs } = await busy({ buffer: 1 });
    const jobs = gateway.channel(Jobs);
    jobs.next(1);
    jobs.next(2);
    jobs.complete();
    jobs.next(3);
    expect(jobs.stats()).toMatchObject({ drops: { 'input-drop': 2 }, accepted: 2 });
    expect(workers.events('workers.drop')).toHaveLength(2);
  });

  it('the sender knows: accepted, dropped and closed are three different answers', async () => {
    const { gateway, send, Jobs, Digger } = await busy({ buffer: 1, putMode: 'drop' });
    const answers: unknown[] = await send(1, 3);
    gateway.channel(Jobs).complete();
    answers.push(await gateway.command(Digger, 3).catch(codeOf));
    expect(answers).toEqual(['accepted', 'dropped', 'CHANNEL_CLOSED']);
  });

  it('a full output loses a null or undefined result of nobody: there is nothing to lose', async () => {
    @Worker({ in: 'jobs', out: Out, expose: true })
    class Silent {
      handle(n: number): null | undefined {
        return n % 2 === 0 ? null : undefined;
      }
    }
    const app = await start({ channels: [channel('jobs', { buffer: 16 }), Out], providers: [Silent] });
    for (const n of numbers(10)) await app.gateway.command(Silent, n);
    await app.workers.drain();
    expect(app.gateway.stats().channels['out']).toMatchObject({ accepted: 0, drops: {} });
  });
});

describe('the books balance', () => {
  const doors = [
    { buffer: 4, maxPendingPuts: 4 },
    { buffer: 4, putMode: 'drop' },
    { buffer: 4, putMode: 'block', maxPendingPuts: 8 },
    { buffer: 4, bufferType: 'dropping' },
    { buffer: 4, bufferType: 'sliding' },
    { maxPendingPuts: 4 },
    { buffer: 4, shed: { at: 0.75 } },
  ] as const;

  it.each(doors)(
    'put = accepted + refused + dropped at entry, and what was accepted is accounted for: %o',
    async (options) => {
      const Jobs = channel<number>('jobs', options);
      const clock = new HeldClock();
      @Worker({ in: Jobs, expose: true, concurrency: 2, timeout: '1s' })
      class Digger {
        constructor(readonly gateway: WorkerGateway) {}

        async handle(n: number): Promise<number> {
          if (n % 5 === 0) throw new Error('no');
          if (n % 7 === 0) return never as never;
          await new Promise<void>((resolve) => clock.after(n % 3, resolve));
          return n;
        }
      }
      const { gateway } = await start({ channels: [Jobs], providers: [Digger], clock });
      let put = 0;
      for (let burst = 0; burst < 40; burst++) {
        for (let n = 0; n < 12; n++, put++) {
          const sent = n % 2 === 0 ? gateway.command(Digger, put) : gateway.request(Digger, put, { timeout: '5s' });
          sent.catch(() => {});
        }
        await clock.advance(burst % 8 === 0 ? '2s' : 3);
      }
      const stopped = gateway.stop();
      await clock.advance('1h');
      await stopped;
      const { jobs } = gateway.stats().channels;
      const { accepted = 0, refused = 0, drops = {}, depth, pendingPuts } = jobs ?? {};
      expect([depth, pendingPuts]).toEqual([0, 0]);
      expect(accepted + refused + sum([drops['input-drop'] ?? 0, drops['buffer-drop'] ?? 0])).toBe(put);
      const { accountedFor } = booksOf(gateway.stats(), 'jobs', ['Digger']);
      expect(accountedFor).toBe(accepted);
      expect(accepted).toBeGreaterThan(50);
    },
  );
});

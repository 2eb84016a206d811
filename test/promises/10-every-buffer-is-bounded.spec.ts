import { describe, expect, it } from 'vitest';
import { channel, Ticker, Worker, type WorkerFailure } from '@nestjs-workers/core';
import { HeldClock, RecordingDispatcher, until } from '@nestjs-workers/core/testing';
import { gate, numbers, start } from '../support/application.js';
import { SlowToSettle } from '../support/settling.js';

const { opened: never } = gate();

/** Sends many more than fit to a worker that is stuck with the first, and tells the answers apart. */
async function overrun(options: Parameters<typeof channel>[1], count = 5_000) {
  const Jobs = channel<number>('jobs', options as object);
  @Worker({ in: Jobs, expose: true, concurrency: 3, timeout: false })
  class Stuck {
    handle(_n: number): Promise<void> {
      return never;
    }
  }
  const app = await start({ channels: [Jobs], providers: [Stuck] });
  const answers = { accepted: 0, dropped: 0, refused: 0, waiting: 0 };
  for (const n of numbers(count)) {
    answers.waiting++;
    const settle = (answer: 'accepted' | 'dropped' | 'refused') => () => {
      answers.waiting--;
      answers[answer]++;
    };
    app.gateway.command(Stuck, n).then((answer) => settle(answer)(), settle('refused'));
  }
  await new Promise((resolve) => setImmediate(resolve));
  return { ...app, Jobs, answers, jobs: app.gateway.stats().channels['jobs'] };
}

describe('every buffer is bounded, and its bound is in the statistics', () => {
  it('a channel holds its buffer and at most maxPendingPuts more; the rest is refused with the message', async () => {
    const { jobs, answers } = await overrun({ buffer: 10, maxPendingPuts: 20 });
    expect(jobs).toMatchObject({ depth: 10, capacity: 10, pendingPuts: 20, maxPendingPuts: 20 });
    expect(answers).toEqual({ accepted: 3 + 10 + 20, refused: 5_000 - 33, dropped: 0, waiting: 0 });
    expect(jobs?.refused).toBe(5_000 - 33);
  });

  it('1,024 puts may wait where nobody says otherwise', async () => {
    const { jobs, answers } = await overrun({});
    expect(jobs).toMatchObject({ depth: 0, capacity: 0, pendingPuts: 1_024, maxPendingPuts: 1_024 });
    expect(answers).toEqual({ accepted: 3 + 1_024, refused: 5_000 - 1_027, dropped: 0, waiting: 0 });
  });

  it('senders that wait for room count against the same bound', async () => {
    const { jobs, answers } = await overrun({ buffer: 10, maxPendingPuts: 20, putMode: 'block' });
    expect(jobs).toMatchObject({ depth: 10, pendingPuts: 20, accepted: 13 });
    expect(answers).toEqual({ accepted: 13, waiting: 20, refused: 5_000 - 33, dropped: 0 });
  });

  it.each(['dropping', 'sliding'] as const)(
    'a %s buffer never holds more than it says, and no put waits for it',
    async (bufferType) => {
      const { jobs } = await overrun({ buffer: 10, bufferType });
      expect(jobs).toMatchObject({ depth: 10, capacity: 10, pendingPuts: 0 });
    },
  );

  it('the refused message comes back in the error', async () => {
    const { gateway, Jobs } = await overrun({ buffer: 1, maxPendingPuts: 1 }, 10);
    await expect(gateway.command('Stuck', 99)).rejects.toMatchObject({
      code: 'CHANNEL_OVERFLOW',
      channel: Jobs.name,
      maxPendingPuts: 1,
      undelivered: { payload: 99 },
    });
  });

  it('outputs and failures fill the buffers of their channels and no more', async () => {
    const Out = channel<number>('out', { buffer: 7 });
    const Failures = channel<WorkerFailure>('failures', { buffer: 5 });
    @Worker({ in: 'jobs', out: Out, failures: Failures, expose: true })
    class Digger {
      handle(n: number): number {
        if (n % 2 === 0) throw new Error('even');
        return n;
      }
    }
    const channels = [channel('jobs', { buffer: 100 }), Out, Failures];
    const { gateway, workers } = await start({ channels, providers: [Digger] });
    for (const n of numbers(100)) await gateway.command(Digger, n);
    await workers.drain();
    expect(gateway.stats().channels).toMatchObject({
      out: { depth: 7, capacity: 7, pendingPuts: 0, drops: { 'output-drop': 43 } },
      failures: { depth: 5, capacity: 5, pendingPuts: 0, drops: { 'failures-full': 45 } },
    });
  });

  it('at most concurrency messages are in flight, and at most twice as many settle', async () => {
    const dispatch = new RecordingDispatcher((run) => run.done());
    const Jobs = channel<number>('jobs', { buffer: 100 });
    @Worker({ in: Jobs, expose: true, concurrency: 3 })
    class Digger {
      handle(_n: number): void {}
    }
    const { gateway } = await start({ channels: [Jobs], providers: [Digger], dispatch });
    const messages = numbers(50).map((n) => new SlowToSettle(n));
    for (const message of messages) void gateway.channel(Jobs).put(message);
    await until(() => gateway.stats().workers['Digger']?.unsettled === 6);
    expect(gateway.stats()).toMatchObject({
      workers: { Digger: { inFlight: 0, concurrency: 3, unsettled: 6, maxUnsettled: 6 } },
      channels: { jobs: { depth: 44 } },
    });
    for (const { commit } of messages) commit();
  });

  it('at most 1,024 ticks wait', async () => {
    const clock = new HeldClock();
    @Ticker({ every: 1, overlap: 'queue', timeout: false })
    class Clockwork {
      tick(): Promise<void> {
        return never;
      }
    }
    const { gateway } = await start({ providers: [Clockwork], clock });
    await clock.advance(1_500);
    expect(gateway.stats().tickers['Clockwork']).toMatchObject({
      inFlight: 1,
      concurrency: 1,
      queued: 1_024,
      maxQueued: 1_024,
      skipped: 1_500 - 1_025,
    });
  });

  it('each figure of something that is held has its bound beside it', async () => {
    @Ticker({ every: '1h' })
    class Clockwork {
      tick(): void {}
    }
    @Worker({ in: 'jobs' })
    class Digger {
      handle(_n: number): void {}
    }
    const { gateway } = await start({ channels: [channel('jobs')], providers: [Clockwork, Digger] });
    const { channels, workers, tickers } = gateway.stats();
    const bounds = {
      depth: 'capacity',
      pendingPuts: 'maxPendingPuts',
      inFlight: 'concurrency',
      unsettled: 'maxUnsettled',
      queued: 'maxQueued',
    };
    const held = [channels['jobs'], workers['Digger'], tickers['Clockwork']].map((stats) =>
      Object.entries(bounds).flatMap(([figure, bound]) =>
        figure in (stats ?? {}) ? [[figure, typeof stats?.[bound as never]]] : [],
      ),
    );
    expect(held).toEqual([
      [
        ['depth', 'number'],
        ['pendingPuts', 'number'],
      ],
      [
        ['inFlight', 'number'],
        ['unsettled', 'number'],
      ],
      [
        ['inFlight', 'number'],
        ['queued', 'number'],
      ],
    ]);
  });
});

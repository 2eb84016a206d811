import { describe, expect, it } from 'vitest';
import { channel, Worker, type WorkerFailure } from '@nestjs-workers/core';
import { RecordingDispatcher, until } from '@nestjs-workers/core/testing';
import { gate, numbers, start } from '../support/application.js';
import { listeningCaller, SlowToSettle } from '../support/settling.js';

const Jobs = channel<number>('jobs', { buffer: 32 });
const Results = channel<number>('results', { buffer: 1 });
const Failures = channel<WorkerFailure>('failures', { buffer: 1 });

@Worker({ in: Jobs, out: Results, failures: Failures, expose: true })
class Digger {
  handle(n: number): number {
    if (n < 0) throw new Error('negative');
    return n;
  }
}

const channels = [Jobs, Results, Failures];

describe('the permit goes back before the outcome is handed on', () => {
  it.each([1, -1])(
    'when the delivery settles, the caller hears, the output comes and the event is told, it is free (%i)',
    async (n) => {
      const { gateway, workers } = await start({ channels, providers: [Digger] });
      const seen: [string, number | undefined][] = [];
      const inFlight = (): number | undefined => gateway.stats().workers['Digger']?.inFlight;
      const note = (where: string): unknown => seen.push([where, inFlight()]);
      class Watched extends SlowToSettle<number> {
        override settle(): void | Promise<void> {
          note('settle');
          return super.settle();
        }
      }
      gateway.channel(Results).subscribe(() => note('output'));
      gateway.channel(Failures).subscribe(() => note('output'));
      const told = workers.next(n > 0 ? 'workers.completed' : 'workers.error', () => note('event') !== 0);
      const message = new Watched(
        n,
        listeningCaller(() => note('reply')),
      );
      void gateway.channel(Jobs).put(message);
      message.commit();
      await told;
      expect(seen).toEqual([
        ['settle', 0],
        ['reply', 0],
        ['output', 0],
        ['event', 0],
      ]);
    },
  );

  it('a slow reader of results holds up no handler', async () => {
    const { gateway, workers } = await start({ channels, providers: [Digger] });
    const read: number[] = [];
    const { opened, open } = gate();
    const reading = (async () => {
      for await (const result of gateway.channel(Results)) {
        read.push(result);
        await opened;
      }
    })();
    for (const n of numbers(20)) await gateway.command(Digger, n);
    expect(await workers.drain()).toMatchObject({ done: 20, failed: 0 });
    expect(gateway.stats().channels['results']).toMatchObject({ accepted: 2, depth: 1, drops: { 'output-drop': 18 } });
    gateway.channel(Results).complete();
    open();
    await reading;
    expect(read).toEqual([0, 1]);
  });

  it('the next handler is entered while the one before still settles', async () => {
    const { gateway } = await start({ channels, providers: [Digger] });
    const messages = numbers(2).map((n) => new SlowToSettle(n));
    for (const message of messages) void gateway.channel(Jobs).put(message);
    await until(() => messages.every(({ outcome }) => outcome !== undefined));
    expect(gateway.stats().workers['Digger']).toMatchObject({ inFlight: 0, unsettled: 2, done: 2 });
    for (const { commit } of messages) commit();
  });
});

describe('unsettled completions are bounded by 2 x concurrency', () => {
  it.each([1, 4])(
    'when the bound of a concurrency of %i is reached, nothing new is taken until one settles',
    async (concurrency) => {
      const { gateway, workers } = await start({ channels, providers: [Digger], workers: { Digger: { concurrency } } });
      const bound = 2 * concurrency;
      const messages = numbers(bound + 3).map((n) => new SlowToSettle(n));
      for (const message of messages) void gateway.channel(Jobs).put(message);
      const entered = (): number => messages.filter(({ outcome }) => outcome !== undefined).length;
      await until(() => entered() === bound);
      expect(gateway.stats()).toMatchObject({
        workers: { Digger: { unsettled: bound, maxUnsettled: bound, inFlight: 0 } },
        channels: { jobs: { taken: bound, depth: 3 } },
      });
      messages[0]?.commit();
      await until(() => entered() === bound + 1);
      expect(gateway.stats()).toMatchObject({
        workers: { Digger: { unsettled: bound, inFlight: 0 } },
        channels: { jobs: { taken: bound + 1, depth: 2 } },
      });
      for (const { commit } of messages) commit();
      expect(await workers.drain()).toMatchObject({ done: bound + 3 });
      expect(gateway.stats().workers['Digger']).toMatchObject({ unsettled: 0, inFlight: 0 });
    },
  );

  it('those that come back together keep the bound too', async () => {
    const dispatch = new RecordingDispatcher();
    const settings = { Digger: { concurrency: 4, dispatch } };
    const { gateway, workers } = await start({ channels, providers: [Digger], workers: settings });
    const messages = numbers(20).map((n) => new SlowToSettle(n));
    for (const message of messages) void gateway.channel(Jobs).put(message);
    const unsettled: number[] = [];
    await until(() => {
      for (const run of dispatch.runs) if (run.state === 'running') run.done();
      unsettled.push(gateway.stats().workers['Digger']?.unsettled ?? 0);
      return unsettled.at(-1) === unsettled.at(-5);
    });
    expect(Math.max(...unsettled)).toBe(8);
    for (const { commit } of messages) commit();
    await until(() => {
      for (const run of dispatch.runs) if (run.state === 'running') run.done();
      return gateway.stats().workers['Digger']?.done === 20;
    });
    await workers.drain();
  });
});

// One long file, because its point is to be complete: a proof for each row of each option table, and a look that none is missing.

import { AsyncLocalStorage } from 'node:async_hooks';
import { Inject, Injectable, Module } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { IsString } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  channel,
  type ChannelOptions,
  ConfigurationError,
  type Leftover,
  type Message,
  provideWorkers,
  Ticker,
  type TickerOptions,
  type TickContext,
  Worker,
  type WorkerContext,
  type WorkerFailure,
  WorkerGateway,
  type WorkerInterceptor,
  type WorkerOptions,
  type WorkersEvent,
  WorkersModule,
} from '@nestjs-workers/core';
import { HeldClock, RecordingDispatcher, until, workersTesting } from '@nestjs-workers/core/testing';
import { codeOf, compute } from '../support/computing.js';
import { FROM_SOURCES } from '../support/sources.js';
import { InThread, PreparedThread } from '../isolates/fixtures/prepared.js';
import { type Blueprint, compile, gate, numbers, rejection, start } from '../support/application.js';

/** For each option of a table: what it does, as a fact, and the test that shows it. */
type Proofs = Readonly<Record<string, readonly [fact: string, proof: () => Promise<void>]>>;

const { opened: never } = gate();
const Jobs = channel<number>('jobs', { buffer: 64 });
const Out = channel<number>('out', { buffer: 64 });
const Failures = channel<WorkerFailure>('failures', { buffer: 64 });
const channels = [Jobs, Out, Failures];

/** A worker with `options` that answers each number with its double, fails on negative ones and never ends on Infinity. */
function worker(options: Partial<WorkerOptions<number, number>> = {}) {
  @Worker({ in: Jobs, expose: true, ...options })
  class Doubler {
    readonly handled: number[] = [];

    handle(n: number, _context?: WorkerContext): number | Promise<number> {
      this.handled.push(n);
      if (n < 0) throw new Error('negative');
      return n === Infinity ? (never as never) : n * 2;
    }
  }
  return Doubler;
}

/** A ticker with `options` that returns its sequence. */
function ticker(options: TickerOptions<number>) {
  @Ticker(options)
  class Clockwork {
    readonly ticked: number[] = [];

    tick({ sequence }: TickContext): number {
      this.ticked.push(sequence);
      return sequence;
    }
  }
  return Clockwork;
}

async function working(options: Partial<WorkerOptions<number, number>> = {}, more: Blueprint = {}) {
  const Doubler = worker(options);
  const clock = new HeldClock();
  const app = await start({ channels, clock, ...more, providers: [Doubler, ...(more.providers ?? [])] });
  return { ...app, Doubler, clock, handled: app.moduleRef.get(Doubler).handled };
}

async function ticking(options: TickerOptions<number>, more: Blueprint = {}) {
  const Clockwork = ticker(options);
  const clock = new HeldClock('2026-03-01T00:00:00Z');
  const app = await start({ channels, clock, ...more, providers: [Clockwork, ...(more.providers ?? [])] });
  return {
    ...app,
    clock,
    ticked: app.moduleRef.get(Clockwork).ticked,
    stats: () => app.gateway.stats().tickers['Clockwork'],
  };
}

/** An application whose only worker is stuck with its first message, and whose channel has `options`. */
async function stuck(options: ChannelOptions<number>) {
  const Narrow = channel<number>('jobs', options);
  const app = await working({ in: Narrow, timeout: false }, { channels: [Narrow, Out, Failures] });
  await app.gateway.command(app.Doubler, Infinity);
  const send = (n: number) => app.gateway.command(app.Doubler, n);
  return { ...app, send, jobs: () => app.gateway.stats().channels['jobs'] };
}

/** Whether `promise` has settled once everything that can happen now has happened. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const settled = promise.then(
    () => true,
    () => true,
  );
  return Promise.race([settled, new Promise<false>((resolve) => setImmediate(resolve, false))]);
}

const channelOptions: Proofs = {
  buffer: [
    'is how many messages may wait before a put has to',
    async () => {
      const figures = [];
      for (const buffer of [0, 1, 3]) {
        const { send, jobs } = await stuck({ buffer });
        for (const n of numbers(4)) await send(n);
        figures.push([jobs()?.capacity, jobs()?.depth, jobs()?.pendingPuts]);
      }
      expect(figures).toEqual([
        [0, 0, 4],
        [1, 1, 3],
        [3, 3, 1],
      ]);
    },
  ],
  bufferType: [
    'says what a full buffer loses: nothing, the newest or the oldest',
    async () => {
      const kept = [];
      for (const bufferType of ['fixed', 'dropping', 'sliding'] as const) {
        const { send, gateway } = await stuck({ buffer: 2, bufferType });
        for (const n of numbers(4)) await send(n);
        const left = [];
        for (let m = gateway.channel(Jobs).take(); m; m = gateway.channel(Jobs).take()) left.push(m.payload);
        kept.push(left);
      }
      expect(kept).toEqual([
        [0, 1, 2, 3],
        [0, 1],
        [2, 3],
      ]);
    },
  ],
  putMode: [
    'says what a sender hears when there is no room: accepted, nothing yet, or dropped',
    async () => {
      const heard = [];
      for (const putMode of ['async', 'block', 'drop'] as const) {
        const { send, gateway } = await stuck({ buffer: 1, putMode });
        await send(0);
        const sent = send(1);
        heard.push((await isSettled(sent)) ? await sent : 'waits');
        gateway.channel(Jobs).take();
        gateway.channel(Jobs).take();
        await sent;
      }
      expect(heard).toEqual(['accepted', 'waits', 'dropped']);
    },
  ],
  maxPendingPuts: [
    'is how many puts may wait for room',
    async () => {
      for (const maxPendingPuts of [1, 3]) {
        const { send } = await stuck({ maxPendingPuts });
        for (const n of numbers(maxPendingPuts)) expect(await send(n)).toBe('accepted');
        expect(await rejection(send(9))).toMatchObject({ code: 'CHANNEL_OVERFLOW', maxPendingPuts });
      }
    },
  ],
  payload: [
    'refuses what does not fit and hands over what does, built: by a class or by a Standard Schema',
    async () => {
      class Name {
        @IsString()
        @Transform(({ value }) => (typeof value === 'string' ? value.trim() : (value as unknown)))
        name!: string;
      }
      const types = [Name, z.object({ name: z.string().trim() })] as const;
      for (const payload of types) {
        const Names = channel<Name>('names', { payload: payload as typeof Name });
        @Worker({ in: Names, expose: true })
        class Greeter {
          handle(given: Name): unknown {
            return [given.name, given.constructor];
          }
        }
        const { gateway } = await start({ channels: [Names], providers: [Greeter] });
        const made = payload === Name ? Name : Object;
        expect(await gateway.request(Greeter, { name: ' Ada ' })).toEqual(['Ada', made]);
        const refused = await rejection(gateway.command(Greeter, { name: 1 } as never));
        expect(refused).toMatchObject({ code: 'PAYLOAD_INVALID', issues: [{ path: 'name' }] });
        expect(gateway.stats().channels['names']).toMatchObject({ accepted: 1, refused: 1 });
      }
    },
  ],
  shed: [
    'refuses early, and true means its defaults',
    async () => {
      for (const shed of [undefined, true] as const) {
        const { send } = await stuck({ buffer: 10, ...(shed === undefined ? {} : { shed }) });
        const answers = await Promise.allSettled(numbers(11).map(send));
        expect(answers.filter(({ status }) => status === 'rejected')).toHaveLength(shed === undefined ? 0 : 2);
      }
    },
  ],
};

const shedOptions: Proofs = {
  at: [
    'refuses from that share of the buffer up',
    async () => {
      for (const at of [0.25, 0.5, 1]) {
        const { send, jobs } = await stuck({ buffer: 8, shed: { at } });
        const answers = await Promise.allSettled(numbers(12).map(send));
        expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(8 * at);
        expect(jobs()?.refused).toBe(12 - 8 * at);
      }
    },
  ],
  oldestAge: [
    'refuses while the oldest message has waited for longer than that',
    async () => {
      const { send, clock } = await stuck({ buffer: 8, shed: { oldestAge: '3s' } });
      await send(0);
      await clock.advance('3s');
      expect(await send(1)).toBe('accepted');
      await clock.advance(1);
      expect(await rejection(send(2))).toMatchObject({ code: 'OVERLOADED' });
    },
  ],
  retryAfter: [
    'is what the caller is told to wait',
    async () => {
      const told = [];
      for (const retryAfter of ['5s', undefined] as const) {
        const { send } = await stuck({ buffer: 1, shed: retryAfter === undefined ? true : { retryAfter } });
        await send(0);
        told.push((await rejection(send(1)))['retryAfterMs']);
      }
      expect(told).toEqual([5_000, 1_000]);
    },
  ],
};

const sender = new AsyncLocalStorage<string>();

@Worker({ in: Jobs, expose: true })
class Locator {
  async handle(_n: number): Promise<string> {
    await null;
    return sender.getStore() ?? 'nowhere';
  }
}

/** Whether each handler finds the context of its own sender, also of one whose message had to wait. */
async function findsItsSender(options: Blueprint): Promise<boolean> {
  const { gateway } = await start({ channels, providers: [Locator], ...options });
  const senders = ['first', 'second', 'third'];
  const found = await Promise.all(senders.map((one) => sender.run(one, () => gateway.request(Locator, 1))));
  return found.join() === senders.join();
}

/** An interceptor that notes both sides of a message. */
function noting(name: string, notes: string[]): WorkerInterceptor {
  return {
    put: (outgoing, next) => (notes.push(`${name} put`), next(outgoing)),
    handle: (_message, _context, next) => (notes.push(`${name} handle`), next()),
  };
}

const workerOptions: Proofs = {
  name: [
    'is what it is addressed, counted and announced by',
    async () => {
      const { gateway, workers } = await working({ name: 'dig' });
      expect(await gateway.request('dig', 2)).toBe(4);
      expect(Object.keys(gateway.stats().workers)).toEqual(['dig']);
      expect(workers.events('workers.completed')).toMatchObject([{ worker: 'dig' }]);
      expect(await rejection(gateway.command('Doubler', 2))).toMatchObject({ code: 'WORKER_UNKNOWN' });
    },
  ],
  in: [
    'is where it takes from, by constant or by name',
    async () => {
      for (const from of [Out, 'out']) {
        const { gateway, workers, handled } = await working({ in: from });
        gateway.channel(Out).next(1);
        gateway.channel(Jobs).next(2);
        await workers.drain();
        expect(handled).toEqual([1]);
      }
    },
  ],
  out: [
    'is where its results are offered, and without it they are nowhere',
    async () => {
      for (const out of [undefined, Out]) {
        const { gateway, workers, Doubler } = await working(out === undefined ? {} : { out });
        await gateway.command(Doubler, 2);
        await workers.drain();
        expect(workers.sent(Out)).toEqual(out === undefined ? [] : [4]);
      }
    },
  ],
  failures: [
    'is where its failures are offered, with the message',
    async () => {
      for (const failures of [undefined, Failures]) {
        const { gateway, workers, Doubler } = await working(failures === undefined ? {} : { failures });
        await gateway.command(Doubler, -2, { headers: { tenant: 'a' } });
        await workers.drain();
        expect(workers.sent(Failures)).toMatchObject(
          failures === undefined
            ? []
            : [{ worker: 'Doubler', channel: 'jobs', kind: 'handler_error', payload: -2, headers: { tenant: 'a' } }],
        );
      }
    },
  ],
  expose: [
    'opens it to the gateway',
    async () => {
      const open = await working({ expose: true });
      expect(await open.gateway.request(open.Doubler, 2)).toBe(4);
      const { gateway, Doubler } = await working({ expose: false });
      expect(await rejection(gateway.request(Doubler, 2))).toMatchObject({ code: 'WORKER_NOT_EXPOSED' });
    },
  ],
  dispatch: [
    'is where its handler runs',
    async () => {
      const { gateway, Doubler, handled } = await working({ dispatch: new RecordingDispatcher((run) => run.done(7)) });
      expect(await gateway.request(Doubler, 2)).toBe(7);
      expect(handled).toEqual([]);
    },
  ],
  concurrency: [
    'is how many it handles at a time',
    async () => {
      for (const concurrency of [1, 3]) {
        const { gateway, Doubler, handled, clock } = await working({ concurrency, timeout: false });
        for (let sent = 0; sent < 5; sent++) await gateway.command(Doubler, Infinity);
        await clock.advance(0);
        expect(handled).toHaveLength(concurrency);
      }
    },
  ],
  timeout: [
    'is how long its handler may take; false is for ever',
    async () => {
      for (const timeout of ['2s', false] as const) {
        const { gateway, Doubler, clock } = await working({ timeout });
        await gateway.command(Doubler, Infinity);
        await clock.advance('1999ms');
        expect(gateway.stats().workers['Doubler']).toMatchObject({ inFlight: 1, failed: {} });
        await clock.advance('1d');
        const failed = timeout === false ? {} : { handler_timeout: 1 };
        expect(gateway.stats().workers['Doubler']?.failed).toEqual(failed);
      }
    },
  ],
  key: [
    'keeps the order of messages of one key, and lets other keys overtake',
    async () => {
      const entered: string[] = [];
      const gates = new Map<string, () => void>();
      @Worker({ in: 'texts', expose: true, concurrency: 4, key: ({ payload }: Message<string>) => payload[0] })
      class Keeper {
        handle(text: string): Promise<void> {
          entered.push(text);
          const turn = gate();
          gates.set(text, () => turn.open());
          return turn.opened;
        }
      }
      const { gateway, workers } = await start({ channels: [channel('texts', { buffer: 8 })], providers: [Keeper] });
      for (const text of ['a1', 'a2', 'b1', 'a3', 'b2']) await gateway.command(Keeper, text);
      for (const next of [
        ['a1', 'b1'],
        ['a1', 'b1', 'b2'],
        ['a1', 'b1', 'b2', 'a2'],
      ]) {
        await until(() => entered.length === next.length);
        expect(entered).toEqual(next);
        gates.get(next.length === 2 ? 'b1' : 'a1')?.();
      }
      await until(() => (gates.get('a2')?.(), entered.includes('a3')));
      for (const open of gates.values()) open();
      await workers.drain();
    },
  ],
  use: [
    'stands around its messages, inside what the module uses',
    async () => {
      const notes: string[] = [];
      const { gateway, Doubler } = await working({ use: [noting('own', notes)] }, { use: [noting('module', notes)] });
      await gateway.request(Doubler, 1);
      expect(notes).toEqual(['module put', 'own put', 'module handle', 'own handle']);
    },
  ],
  propagateContext: [
    "restores the sender's AsyncLocalStorage in the handler, over what the module says",
    async () => {
      for (const propagateContext of [true, false]) {
        const workers = { Locator: { propagateContext } };
        expect(await findsItsSender({ workers, propagateContext: !propagateContext })).toBe(propagateContext);
      }
    },
  ],
};

const tickerOptions: Proofs = {
  name: [
    'is what it is counted and announced by',
    async () => {
      const { gateway, workers, clock } = await ticking({ every: '1s', name: 'pulse' });
      await clock.advance('1s');
      expect(Object.keys(gateway.stats().tickers)).toEqual(['pulse']);
      expect(workers.events('workers.tick')).toMatchObject([{ ticker: 'pulse', sequence: 0 }]);
    },
  ],
  every: [
    'is its interval',
    async () => {
      for (const [every, ticks] of [
        ['1s', 10],
        ['4s', 2],
        [500, 20],
      ] as const) {
        const { clock, ticked } = await ticking({ every });
        await clock.advance('10s');
        expect(ticked).toHaveLength(ticks);
      }
    },
  ],
  cron: [
    'is when it is due by the wall clock',
    async () => {
      const { clock, stats } = await ticking({ cron: '*/20 * * * *' });
      await clock.advance('59m');
      expect(stats()?.ticks).toBe(2);
      await clock.advance('1m');
      expect(stats()?.ticks).toBe(3);
    },
  ],
  timeZone: [
    'is where the cron expression is read',
    async () => {
      const due = [];
      for (const timeZone of ['UTC', 'Asia/Tokyo']) {
        const { clock, stats } = await ticking({ cron: '0 12 * * *', timeZone });
        for (let hour = 1; hour <= 24 && stats()?.ticks === 0; hour++) {
          await clock.advance('1h');
          if (stats()?.ticks === 1) due.push(hour);
        }
      }
      expect(due).toEqual([12, 3]);
    },
  ],
  immediate: [
    'ticks once at the start, beside the schedule',
    async () => {
      for (const immediate of [true, false]) {
        const { clock, ticked } = await ticking({ every: '1s', immediate });
        await clock.advance('2s');
        expect(ticked).toHaveLength(immediate ? 3 : 2);
      }
    },
  ],
  enabled: [
    'lets it tick at all',
    async () => {
      for (const enabled of [true, false]) {
        const { clock, ticked, stats } = await ticking({ every: '1s', enabled });
        await clock.advance('2s');
        expect([ticked.length, stats()?.state]).toEqual(enabled ? [2, 'running'] : [0, 'disabled']);
      }
    },
  ],
  overlap: [
    'says what happens to a tick that is due while the one before runs: left out, waits, or runs beside it',
    async () => {
      const figures = [];
      for (const overlap of ['skip', 'queue', 'allow'] as const) {
        @Ticker({ every: '1s', overlap, timeout: false })
        class Clockwork {
          tick(): Promise<void> {
            return never;
          }
        }
        const clock = new HeldClock();
        const { gateway } = await start({ providers: [Clockwork], clock });
        await clock.advance('3s');
        const { inFlight, queued, skipped } = gateway.stats().tickers['Clockwork'] ?? {};
        figures.push([inFlight, queued, skipped]);
      }
      expect(figures).toEqual([
        [1, 0, 2],
        [1, 2, 0],
        [3, 0, 0],
      ]);
    },
  ],
  singleton: [
    'leaves a tick to another host when the arbiter says so, or cannot be asked',
    async () => {
      for (const arbiter of [async () => false, async () => Promise.reject(new Error('no lock'))]) {
        const { clock, ticked, stats } = await ticking({ every: '1s', singleton: true }, { arbiter });
        await clock.advance('2s');
        expect([ticked, stats()?.ticks, stats()?.skipped]).toEqual([[], 0, 2]);
      }
      await expect(ticking({ every: '1s', singleton: true })).rejects.toThrow('needs an arbiter');
    },
  ],
  concurrency: [
    'is how many ticks may run side by side',
    async () => {
      for (const concurrency of [2, 4]) {
        @Ticker({ every: '1s', overlap: 'allow', concurrency, timeout: false })
        class Clockwork {
          tick(): Promise<void> {
            return never;
          }
        }
        const clock = new HeldClock();
        const { gateway } = await start({ providers: [Clockwork], clock });
        await clock.advance('10s');
        expect(gateway.stats().tickers['Clockwork']).toMatchObject({
          inFlight: concurrency,
          skipped: 10 - concurrency,
        });
      }
    },
  ],
  out: [
    'is where what it returns is offered',
    async () => {
      for (const options of [{}, { out: Out }]) {
        const { clock, workers } = await ticking({ every: '1s', ...options });
        await clock.advance('3s');
        expect(workers.sent(Out)).toEqual('out' in options ? [0, 1, 2] : []);
      }
    },
  ],
  failures: [
    'is where its failures are offered',
    async () => {
      for (const options of [{}, { failures: Failures }]) {
        @Ticker({ every: '1s', ...options })
        class Clockwork {
          tick(): void {
            throw new Error('no time');
          }
        }
        const clock = new HeldClock();
        const { workers } = await start({ channels, providers: [Clockwork], clock });
        await clock.advance('1s');
        const offered = [{ worker: 'Clockwork', channel: undefined, message: 'no time', kind: 'handler_error' }];
        expect(workers.sent(Failures)).toMatchObject('failures' in options ? offered : []);
      }
    },
  ],
  dispatch: [
    'is where its tick runs',
    async () => {
      const dispatch = new RecordingDispatcher((run) => run.done());
      const { clock, ticked } = await ticking({ every: '1s', dispatch });
      await clock.advance('2s');
      expect([dispatch.runs.length, ticked]).toEqual([2, []]);
    },
  ],
  timeout: [
    'is how long a tick may take; false is for ever',
    async () => {
      for (const timeout of ['2s', false] as const) {
        @Ticker({ every: '1m', timeout })
        class Clockwork {
          tick(): Promise<void> {
            return never;
          }
        }
        const clock = new HeldClock();
        const { gateway } = await start({ providers: [Clockwork], clock });
        await clock.advance('62s');
        const figures = timeout === false ? { inFlight: 1, failed: 0 } : { inFlight: 0, failed: 1 };
        expect(gateway.stats().tickers['Clockwork']).toMatchObject(figures);
      }
    },
  ],
  use: [
    'stands around its ticks, inside what the module uses',
    async () => {
      const notes: string[] = [];
      const { clock } = await ticking({ every: '1s', use: [noting('own', notes)] }, { use: [noting('module', notes)] });
      await clock.advance('1s');
      expect(notes).toEqual(['module handle', 'own handle']);
    },
  ],
};

@Worker({ in: Jobs, expose: true })
class Blocker {
  handle(ms: number): string {
    compute(ms);
    return 'computed';
  }
}

@Injectable()
class Listener {
  readonly heard: WorkersEvent[] = [];

  observe(event: WorkersEvent): void {
    this.heard.push(event);
  }
}

const moduleOptions: Proofs = {
  workers: [
    "overrides what the decorators say, by the worker's name, and undefined says nothing",
    async () => {
      const workers = { Doubler: { concurrency: 3, timeout: undefined, out: 'out' } };
      const app = await working({ timeout: '2s' }, { workers: workers as never });
      await app.gateway.command(app.Doubler, 2);
      await app.gateway.command(app.Doubler, Infinity);
      await app.clock.advance('2s');
      expect(app.gateway.stats().workers['Doubler']).toMatchObject({ concurrency: 3, failed: { handler_timeout: 1 } });
      expect(app.workers.sent(Out)).toEqual([4]);
    },
  ],
  tickers: [
    "overrides what the decorators say, by the ticker's name",
    async () => {
      const { clock, ticked } = await ticking({ every: '1s' }, { tickers: { Clockwork: { every: '5s' } } });
      await clock.advance('10s');
      expect(ticked).toHaveLength(2);
    },
  ],
  run: [
    'says which workers and tickers run in this process; the others are left to processes that run them',
    async () => {
      const { gateway, Doubler } = await working({}, { run: { only: [] } });
      expect(gateway.stats().workers['Doubler']?.state).toBe('elsewhere');
      expect(await gateway.command(Doubler, 1).catch(codeOf)).toBe('WORKER_ELSEWHERE');
      expect((await working({}, { run: { except: [] } })).gateway.stats().workers['Doubler']?.state).toBe('running');
    },
  ],
  autoStart: [
    'starts with the application, or leaves that to the gateway',
    async () => {
      const { gateway, workers, Doubler, handled } = await working({}, { autoStart: false });
      await gateway.command(Doubler, 1);
      expect([gateway.stats().state, handled]).toEqual(['idle', []]);
      await gateway.start();
      await workers.drain();
      expect([gateway.stats().state, handled]).toEqual(['running', [1]]);
      expect((await working()).gateway.stats().state).toBe('running');
    },
  ],
  shutdown: [
    'is how the application stops',
    async () => {
      const took: number[] = [];
      for (const deadline of ['3s', '6s'] as const) {
        const shutdown = { deadline, abortGrace: '1s' } as const;
        const { gateway, Doubler, clock } = await working({ timeout: false }, { shutdown });
        await gateway.command(Doubler, Infinity);
        const stopped = gateway.stop().then(() => took.push(clock.now()));
        await clock.advance('1m');
        await stopped;
      }
      expect(took).toEqual([3_000, 6_000]);
    },
  ],
  requestTimeout: [
    'is how long a request waits when it does not say so itself',
    async () => {
      const { gateway, Doubler, clock } = await working({ timeout: false }, { requestTimeout: '7s' });
      const reply = rejection(gateway.request(Doubler, Infinity));
      await clock.advance('6999ms');
      expect(await isSettled(reply)).toBe(false);
      await clock.advance(1);
      expect(await reply).toMatchObject({ code: 'REQUEST_TIMEOUT', timeoutMs: 7_000 });
    },
  ],
  use: [
    'stands around the messages of every worker and ticker; classes are injected',
    async () => {
      @Injectable()
      class Counting implements WorkerInterceptor {
        count = 0;

        handle(_message: Message, _context: WorkerContext, next: () => Promise<unknown>): Promise<unknown> {
          this.count++;
          return next();
        }
      }
      const providers = [ticker({ every: '1s' }), Counting];
      const { gateway, Doubler, clock, moduleRef } = await working({}, { use: [Counting], providers });
      await gateway.request(Doubler, 1);
      await clock.advance('2s');
      expect(moduleRef.get(Counting).count).toBe(3);
    },
  ],
  propagateContext: [
    "restores the sender's AsyncLocalStorage in the handlers",
    async () => {
      for (const propagateContext of [true, false])
        expect(await findsItsSender({ propagateContext })).toBe(propagateContext);
    },
  ],
  observer: [
    'receives every event: a function, or the provider that a token names',
    async () => {
      const heard: WorkersEvent[] = [];
      const byFunction = await working({}, { observer: (event) => heard.push(event) });
      await byFunction.gateway.request(byFunction.Doubler, 1);
      const byToken = await working({}, { observer: Listener, providers: [Listener] });
      await byToken.gateway.request(byToken.Doubler, 1);
      for (const events of [heard, byToken.moduleRef.get(Listener).heard]) {
        const names = events.map(({ name }) => name);
        expect(names).toEqual(['workers.running', 'workers.accepted', 'workers.started', 'workers.completed']);
      }
    },
  ],
  redact: [
    'is what observers see of payloads, which is nothing by default',
    async () => {
      for (const options of [{}, { redact: (payload: unknown) => `<${String(payload)}>` }]) {
        const { gateway, workers, Doubler } = await working({}, options);
        await gateway.command(Doubler, 1);
        await gateway.command(Doubler, -1);
        await workers.drain();
        const shown = workers.events().flatMap((event) => ('payload' in event ? [event.payload] : []));
        expect(new Set(shown)).toEqual(new Set('redact' in options ? ['<1>', '<-1>'] : []));
      }
    },
  ],
  onLeftover: [
    'receives the messages that a stop left behind',
    async () => {
      const left: Leftover[] = [];
      const { gateway, Doubler } = await working(
        {},
        { autoStart: false, onLeftover: (leftovers) => left.push(...leftovers) },
      );
      await gateway.command(Doubler, 1);
      await gateway.stop();
      expect(left).toMatchObject([{ from: 'jobs', kind: 'waiting', messages: [{ payload: 1 }] }]);
    },
  ],
  guard: [
    'says what happens to a handler that holds the event loop: it fails, it is reported, or nothing',
    async () => {
      for (const guard of ['fail', 'report', 'off'] as const) {
        const { gateway, workers } = await start({ channels, providers: [Blocker], guard, guardMs: 10 });
        const answer = await gateway.request(Blocker, 50).catch(codeOf);
        expect(answer).toBe(guard === 'fail' ? 'HANDLER_BLOCKED' : 'computed');
        expect(workers.events('workers.blocked')).toHaveLength(guard === 'off' ? 0 : 1);
        await gateway.stop();
      }
    },
  ],
  guardMs: [
    'is for how long a handler may hold the event loop',
    async () => {
      for (const guardMs of [10, 5_000]) {
        const { gateway } = await start({ channels, providers: [Blocker], guard: 'fail', guardMs });
        const answer = await gateway.request(Blocker, 50).catch(codeOf);
        expect(answer).toBe(guardMs === 10 ? 'HANDLER_BLOCKED' : 'computed');
        await gateway.stop();
      }
    },
  ],
  starvationAfter: [
    'is from which age of its oldest message a channel starves',
    async () => {
      for (const [starvationAfter, told] of [
        ['2s', 1],
        ['1h', 0],
      ] as const) {
        const { gateway, workers, Doubler, clock } = await working({ timeout: false }, { starvationAfter });
        await gateway.command(Doubler, Infinity);
        await gateway.command(Doubler, 1);
        await clock.advance('2s');
        expect(workers.events('workers.starvation')).toEqual([]);
        await clock.advance('10s');
        expect(workers.events('workers.starvation')).toHaveLength(told);
      }
    },
  ],
  dispatch: [
    'runs every handler there, whatever its worker says',
    async () => {
      const own = new RecordingDispatcher((run) => run.done('own'));
      const all = new RecordingDispatcher((run) => run.done('all'));
      const providers = [ticker({ every: '1s' })];
      const { gateway, Doubler, clock } = await working({ dispatch: own }, { dispatch: all, providers });
      expect(await gateway.request(Doubler, 1)).toBe('all');
      await clock.advance('1s');
      expect([own.runs.length, all.runs.length]).toEqual([0, 2]);
    },
  ],
  isolates: [
    'is what all threads and processes have in common',
    async () => {
      const setup = new URL('../isolates/fixtures/setup.ts', import.meta.url).href;
      for (const isolates of [{ execArgv: FROM_SOURCES }, { execArgv: FROM_SOURCES, setup }]) {
        const providers = provideWorkers(PreparedThread);
        const { gateway } = await start({ channels: [InThread], providers, isolates });
        expect(await gateway.request(PreparedThread, 'prepared?')).toBe('setup' in isolates);
      }
    },
  ],
  arbiter: [
    'says whether this host may tick, where a ticker is a singleton',
    async () => {
      const asked: string[] = [];
      const arbiter = async (name: string, dueAtMs: number) => asked.push(`${name} ${dueAtMs % 3_600_000}`) !== 2;
      const { clock, ticked, stats } = await ticking({ every: '1s', singleton: true }, { arbiter });
      await clock.advance('3s');
      expect(asked).toEqual(['Clockwork 1000', 'Clockwork 2000', 'Clockwork 3000']);
      expect([ticked.length, stats()?.ticks, stats()?.skipped]).toEqual([2, 2, 1]);
    },
  ],
  clock: [
    "is the application's time: nothing is due before it says so",
    async () => {
      const { workers, clock, stats } = await ticking({ every: '1h' });
      await clock.advance('3h');
      expect(stats()?.ticks).toBe(3);
      expect(workers.events('workers.tick')).toHaveLength(3);
    },
  ],
};

const shutdownOptions: Proofs = {
  deadline: [
    'is when what still runs is given up',
    async () => {
      const { gateway, Doubler, clock } = await working(
        { timeout: false },
        { shutdown: { deadline: '9s', abortGrace: '2s' } },
      );
      await gateway.command(Doubler, Infinity);
      const stopped = gateway.stop().then(() => clock.now());
      await clock.advance('1m');
      expect(await stopped).toBe(9_000);
    },
  ],
  abortGrace: [
    'is how long before that the signals are aborted',
    async () => {
      const aborted: number[] = [];
      for (const abortGrace of ['1s', '4s', 0] as const) {
        const clock = new HeldClock();
        @Worker({ in: Jobs, expose: true, timeout: false })
        class Deaf {
          handle(_n: number, { signal }: WorkerContext): Promise<void> {
            signal.addEventListener('abort', () => aborted.push(clock.now()));
            return never;
          }
        }
        const { gateway } = await start({
          channels,
          providers: [Deaf],
          clock,
          shutdown: { deadline: '9s', abortGrace },
        });
        await gateway.command(Deaf, 1);
        const stopped = gateway.stop();
        await clock.advance('1m');
        await stopped;
      }
      expect(aborted).toEqual([8_000, 5_000, 9_000]);
    },
  ],
};

const tables = [
  { table: 'channel', proofs: channelOptions, stray: (options: object) => ({ channels: [channel('jobs', options)] }) },
  { table: 'shed', proofs: shedOptions, stray: (shed: object) => ({ channels: [channel('jobs', { shed })] }) },
  { table: 'worker', proofs: workerOptions, stray: (options: object) => ({ channels, providers: [worker(options)] }) },
  {
    table: 'ticker',
    proofs: tickerOptions,
    stray: (options: object) => ({ providers: [ticker({ every: '1s', ...options })] }),
  },
  { table: 'module', proofs: moduleOptions, stray: (options: object) => options },
  { table: 'shutdown', proofs: shutdownOptions, stray: (shutdown: object) => ({ shutdown }) },
];

/** What is wrong with an application, line by line. */
async function problemsOf(blueprint: Blueprint): Promise<readonly string[]> {
  const { moduleRef } = await compile(blueprint);
  const error = await rejection(moduleRef.init());
  if (error instanceof ConfigurationError) return error.problems;
  throw error;
}

describe.each(tables)('every $table option has an effect', ({ table, proofs, stray }) => {
  for (const [option, [fact, proof]] of Object.entries(proofs)) it(`${table}.${option} ${fact}`, proof);

  it('each of them, the whole table', async () => {
    const [problem = ''] = await problemsOf(stray({ zzzzzzzzzzzz: 1 }));
    const known = /zzzzzzzzzzzz: unknown option\. Known options: (.*)\.$/.exec(problem)?.[1]?.split(', ');
    expect(Object.keys(proofs).toSorted()).toEqual(known?.toSorted());
  });
});

describe('so has what stands beside the options', () => {
  it('channels: they exist; forFeature adds to them', async () => {
    @Module({ imports: [WorkersModule.forFeature({ channels: [Failures] })] })
    class FeatureModule {}
    const { gateway } = await start({ channels: [Jobs, Out], imports: [FeatureModule] });
    expect(Object.keys(gateway.stats().channels).toSorted()).toEqual(['failures', 'jobs', 'out']);
  });

  it('isGlobal: the gateway can be injected everywhere, or only where the module is imported', async () => {
    @Injectable()
    class Controller {
      constructor(@Inject(WorkerGateway) readonly gateway: WorkerGateway) {}
    }
    @Module({ providers: [Controller] })
    class FeatureModule {}
    const { moduleRef, gateway } = await start({ channels, imports: [FeatureModule] });
    expect(moduleRef.get(Controller, { strict: false }).gateway).toBe(gateway);
    await expect(compile({ channels, isGlobal: false, imports: [FeatureModule] })).rejects.toThrow('WorkerGateway');
  });

  it('headers of a command: they ride along', async () => {
    @Worker({ in: Jobs, expose: true })
    class Reader {
      handle(_n: number, { headers }: WorkerContext): unknown {
        return headers;
      }
    }
    const { gateway } = await start({ channels, providers: [Reader] });
    expect(await gateway.request(Reader, 1, { headers: { trace: 'abc' } })).toEqual({ trace: 'abc' });
  });

  it('signal of a command: it ends the waiting for room', async () => {
    const { gateway, Doubler, send } = await stuck({ putMode: 'block' });
    const caller = new AbortController();
    const waiting = rejection(gateway.command(Doubler, 1, { signal: caller.signal }));
    expect(await isSettled(waiting)).toBe(false);
    caller.abort(new Error('enough'));
    expect(await waiting).toMatchObject({ code: 'REQUEST_ABORTED', cause: new Error('enough') });
    expect(await isSettled(send(2))).toBe(false);
    expect(gateway.stats().channels['jobs']).toMatchObject({ pendingPuts: 1, refused: 1 });
  });

  it('timeout of a request: it goes before requestTimeout', async () => {
    const { gateway, Doubler, clock } = await working({ timeout: false }, { requestTimeout: '7s' });
    const reply = rejection(gateway.request(Doubler, Infinity, { timeout: '1s' }));
    await clock.advance('1s');
    expect(await reply).toMatchObject({ code: 'REQUEST_TIMEOUT', timeoutMs: 1_000 });
  });
});

describe('what is wrong is refused at the start', () => {
  const misspelt: [string, string, Blueprint][] = [
    [
      'a channel option',
      'channels.jobs.bufferTyp: unknown option. Did you mean "bufferType"?',
      { channels: [channel('jobs', { bufferTyp: 'fixed' } as object)] },
    ],
    [
      'a shed option',
      'channels.jobs.shed.oldestAg: unknown option. Did you mean "oldestAge"?',
      { channels: [channel('jobs', { shed: { oldestAg: 1 } as object })] },
    ],
    [
      'a worker option',
      'workers.Doubler.concurency: unknown option. Did you mean "concurrency"?',
      { channels, providers: [worker({ concurency: 2 } as object)] },
    ],
    [
      'an override',
      'workers.Doubler.timeOut: unknown option. Did you mean "timeout"?',
      { channels, providers: [worker()], workers: { Doubler: { timeOut: 2 } as object } },
    ],
    [
      'a ticker option',
      'tickers.Clockwork.overlaps: unknown option. Did you mean "overlap"?',
      { providers: [ticker({ every: 1, overlaps: 'skip' } as object)] },
    ],
    ['a module option', 'options.gaurd: unknown option. Did you mean "guard"?', { gaurd: 'off' } as object],
    [
      'a shutdown option',
      'options.shutdown.deadlin: unknown option. Did you mean "deadline"?',
      { shutdown: { deadlin: 1 } as object },
    ],
    [
      'an input',
      'workers.Doubler.in: Channel "job" was asked for and is not declared. Known: "jobs". Did you mean "jobs"?',
      { channels: [Jobs], providers: [worker({ in: 'job' })] },
    ],
    [
      'an output',
      'workers.Doubler.out: Channel "outs" was asked for and is not declared. Known: "jobs", "out", "failures". Did you mean "out"?',
      { channels, providers: [worker({ out: 'outs' })] },
    ],
    [
      'a failures channel',
      'workers.Doubler.failures: Channel "failure" was asked for and is not declared. Known: "jobs", "out", "failures". Did you mean "failures"?',
      { channels, providers: [worker({ failures: 'failure' })] },
    ],
    [
      "a ticker's output",
      'tickers.Clockwork.out: Channel "outs" was asked for and is not declared. Known: "jobs", "out", "failures". Did you mean "out"?',
      { channels, providers: [ticker({ every: 1, out: 'outs' })] },
    ],
    [
      'a worker to override',
      'options.workers.Doublr: no such worker. Known: "Doubler". Did you mean "Doubler"?',
      { channels, providers: [worker()], workers: { Doublr: {} } },
    ],
    [
      'a ticker to override',
      'options.tickers.Clockwrk: no such ticker. Known: "Clockwork". Did you mean "Clockwork"?',
      { providers: [ticker({ every: 1 })], tickers: { Clockwrk: {} } },
    ],
  ];
  it.each(misspelt)('the name of %s, with the near miss: %s', async (_what, problem, blueprint) => {
    expect((await problemsOf(blueprint))[0]).toContain(problem);
  });

  const contradictions: [string, Blueprint][] = [
    [
      "channels.jobs.bufferType: 'dropping' needs a buffer",
      { channels: [channel('jobs', { bufferType: 'dropping' })] },
    ],
    [
      'channels.jobs.maxPendingPuts: has no effect',
      { channels: [channel('jobs', { buffer: 1, bufferType: 'sliding', maxPendingPuts: 1 })] },
    ],
    ['channels.jobs: two channels have this name', { channels: [channel('jobs'), channel('jobs')] }],
    ['options.shutdown.abortGrace: lies inside the deadline', { shutdown: { deadline: '1s', abortGrace: '2s' } }],
    ['tickers.Clockwork: expected every or cron, got both', { providers: [ticker({ every: 1, cron: '* * * * *' })] }],
    ['tickers.Clockwork: expected every or cron, got neither', { providers: [ticker({})] }],
    ['tickers.Clockwork.timeZone: has no effect', { providers: [ticker({ every: 1, timeZone: 'UTC' })] }],
    ['tickers.Clockwork.concurrency: has no effect', { providers: [ticker({ every: 1, concurrency: 2 })] }],
    ['tickers.Clockwork.cron', { providers: [ticker({ cron: 'every day' })] }],
    ['workers.Doubler.in: a worker needs a channel', { channels, providers: [worker({ in: undefined as never })] }],
    [
      'workers.Doubler.in: cannot be overridden',
      { channels, providers: [worker()], workers: { Doubler: { in: 'out' } as object } },
    ],
    [
      'order per key holds for one worker on a channel, and "Doubler", "Locator" take from "jobs"',
      { channels, providers: [worker({ key: () => 1 }), Locator] },
    ],
    [
      '"Locator": two workers or tickers have this name',
      { channels, providers: [worker({ name: 'Locator' }), Locator] },
    ],
  ];
  it.each(contradictions)('a contradiction: %s', async (problem, blueprint) => {
    expect((await problemsOf(blueprint)).join('\n')).toContain(problem);
  });

  const values: [string, Blueprint][] = [
    [
      'channels.jobs.buffer: expected an integer from 0 up, got -1 (number).',
      { channels: [channel('jobs', { buffer: -1 })] },
    ],
    [
      "channels.jobs.putMode: expected one of 'async', 'block', 'drop', got later (string).",
      { channels: [channel('jobs', { putMode: 'later' as never })] },
    ],
    [
      'workers.Doubler.concurrency: expected an integer from 1 up, got 0 (number).',
      { channels, providers: [worker({ concurrency: 0 })] },
    ],
    ['workers.Doubler.timeout: expected a duration', { channels, providers: [worker({ timeout: 'soon' as never })] }],
    [
      'workers.Doubler.expose: expected true or false, got yes (string).',
      { channels, providers: [worker({ expose: 'yes' as never })] },
    ],
    ['tickers.Clockwork.every: expected a duration from 1 ms up', { providers: [ticker({ every: 0 })] }],
    ["options.guard: expected one of 'fail', 'report', 'off', got maybe (string).", { guard: 'maybe' as never }],
  ];
  it.each(values)('a value that fits no option: %s', async (problem, blueprint) => {
    expect((await problemsOf(blueprint))[0]).toContain(problem);
  });

  it('a worker without a handle method, whatever else is given in its place', async () => {
    class Empty {}
    (Worker({ in: Jobs }) as (target: unknown) => void)(Empty);
    expect(await problemsOf({ channels, providers: [Empty] })).toEqual([
      'Empty: expected a method handle(payload, context), found none. Add it (a property that holds a function is none), or remove the decorator.',
    ]);
  });

  it('a worker that two modules provide, with both named', async () => {
    @Module({ providers: [Locator] })
    class LeftModule {}
    @Module({ providers: [Locator] })
    class RightModule {}
    const [problem] = await problemsOf({ channels, imports: [LeftModule, RightModule] });
    expect(problem).toContain('Locator: provided twice, by LeftModule and RightModule');
  });

  it('a second forRoot', async () => {
    await expect(compile({ channels, imports: [WorkersModule.forRoot({ channels: [] })] })).rejects.toThrow(
      'forRoot() was called more than once',
    );
  });

  it('all of it at once, in one error', async () => {
    const problems = await problemsOf({
      channels: [channel('jobs', { buffer: -1 })],
      providers: [worker({ out: 'nowhere' }), ticker({})],
      guardMs: 0,
    });
    expect(problems).toHaveLength(4);
  });

  it('a name that is asked for later: the gateway knows the near miss too', async () => {
    const { gateway, moduleRef } = await working();
    const error = await rejection(gateway.command('Dubler', 1));
    expect(error.message).toContain('Known: "Doubler". Did you mean "Doubler"?');
    expect(() => gateway.channel('jbs')).toThrow('Did you mean "jobs"?');
    expect(() => workersTesting(moduleRef).sent('Dubler')).toThrow('Did you mean "Doubler"?');
  });
});

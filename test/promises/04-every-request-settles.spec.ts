import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  channel,
  type ChannelDeclaration,
  type DropReason,
  PermanentError,
  type RequestOptions,
  RequestTimeoutError,
  Worker,
  type WorkerContext,
  WorkerGateway,
  type WorkerInterceptor,
  WorkersError,
  type WorkersModuleOptions,
} from '@nestjs-workers/core';
import { HeldClock, RecordingDispatcher, type WorkersTesting } from '@nestjs-workers/core/testing';
import { compute } from '../support/computing.js';
import { gate, rejection, start } from '../support/application.js';

type Job = 'value' | 'throw' | 'throw a string' | 'throw nothing' | 'reject' | 'hang' | 'block';

const Jobs = channel<Job>('jobs', { buffer: 2, maxPendingPuts: 1 });
const Doors = {
  dropping: channel<Job>('jobs', { buffer: 1, bufferType: 'dropping' }),
  sliding: channel<Job>('jobs', { buffer: 1, bufferType: 'sliding' }),
  drop: channel<Job>('jobs', { buffer: 1, putMode: 'drop' }),
  block: channel<Job>('jobs', { buffer: 1, putMode: 'block' }),
  shedding: channel<Job>('jobs', { buffer: 1, shed: true }),
  strict: channel<Job>('jobs', { payload: z.enum(['throw', 'hang']) as never }),
};

class StillbornError extends Error {}

@Worker({ in: 'jobs', expose: true, timeout: '10s' })
class Digger {
  readonly handled: Job[] = [];

  handle(job: Job): unknown {
    this.handled.push(job);
    if (job === 'throw') throw new PermanentError('no gold');
    if (job === 'throw a string') throw 'no gold';
    if (job === 'throw nothing') throw undefined;
    if (job === 'reject') return Promise.reject(new StillbornError('no gold'));
    if (job === 'block') compute(50);
    return job === 'hang' ? new Promise(() => {}) : 'gold';
  }
}

@Worker({ in: 'jobs' })
class Hidden {
  handle(_job: Job): void {}
}

/** One way in which a request ends: what is asked, what happens meanwhile, and what its caller hears. */
interface Scenario {
  readonly when: string;
  readonly job?: Job;
  readonly options?: RequestOptions;
  readonly through?: ChannelDeclaration<Job>;
  readonly settings?: Partial<WorkersModuleOptions>;
  readonly worker?: string;
  /** Sent before it, so that it has to wait. */
  readonly before?: readonly Job[];
  readonly meanwhile?: (house: House) => unknown;
  readonly hears: string;
  readonly says?: Record<string, unknown>;
}

interface House {
  readonly clock: HeldClock;
  readonly gateway: WorkerGateway;
  readonly workers: WorkersTesting;
  readonly caller: AbortController;
}

const left = AbortSignal.abort(new Error('changed my mind'));
const dropped = (reason: DropReason) => ({ hears: 'MESSAGE_DROPPED', says: { reason } });
const swallowing: WorkerInterceptor = { put: async () => 'accepted' };
const refusing: WorkerInterceptor = { put: () => Promise.reject(new StillbornError('not today')) };
const losing = new RecordingDispatcher((run) => run.lose(new Error('killed')));

const scenarios: Scenario[] = [
  {
    when: 'its handler throws',
    job: 'throw',
    hears: 'HANDLER_FAILED',
    says: { kind: 'handler_error', retryable: false },
  },
  { when: 'its handler rejects', job: 'reject', hears: 'HANDLER_FAILED', says: { retryable: true } },
  { when: 'its handler throws a string', job: 'throw a string', hears: 'HANDLER_FAILED' },
  { when: 'its handler throws undefined', job: 'throw nothing', hears: 'HANDLER_FAILED' },
  {
    when: 'its handler does not end',
    job: 'hang',
    meanwhile: ({ clock }) => clock.advance('10s'),
    hears: 'HANDLER_TIMEOUT',
  },
  {
    when: 'its handler holds the event loop',
    job: 'block',
    settings: { guard: 'fail', guardMs: 5 },
    hears: 'HANDLER_BLOCKED',
  },
  {
    when: 'what ran its handler is lost',
    settings: { dispatch: losing },
    hears: 'HANDLER_FAILED',
    says: { kind: 'isolate_crashed' },
  },
  {
    when: 'its deadline passes while it is handled',
    job: 'hang',
    options: { timeout: '1s' },
    meanwhile: ({ clock }) => clock.advance('1s'),
    hears: 'REQUEST_TIMEOUT',
  },
  {
    when: 'its deadline passes while it waits',
    before: ['hang'],
    options: { timeout: '1s' },
    meanwhile: ({ clock }) => clock.advance('1s'),
    hears: 'REQUEST_TIMEOUT',
  },
  {
    when: 'its deadline passes while it waits for room',
    before: ['hang', 'value'],
    through: Doors.block,
    options: { timeout: '1s' },
    meanwhile: ({ clock }) => clock.advance('1s'),
    hears: 'REQUEST_TIMEOUT',
  },
  { when: 'an interceptor keeps it', settings: { use: [swallowing] }, hears: 'MESSAGE_DROPPED' },
  { when: 'an interceptor refuses it', settings: { use: [refusing] }, hears: 'StillbornError' },
  { when: 'its caller had left before', options: { signal: left }, hears: 'REQUEST_ABORTED' },
  {
    when: 'its caller leaves while it is handled',
    job: 'hang',
    meanwhile: ({ caller }) => caller.abort(),
    hears: 'REQUEST_ABORTED',
  },
  {
    when: 'there is no room and putMode is drop',
    through: Doors.drop,
    before: ['hang', 'value'],
    ...dropped('input-drop'),
  },
  { when: 'a dropping buffer is full', through: Doors.dropping, before: ['hang', 'value'], ...dropped('buffer-drop') },
  {
    when: 'it slides out of a sliding buffer',
    through: Doors.sliding,
    before: ['hang'],
    meanwhile: ({ gateway }) => gateway.command(Digger, 'value'),
    ...dropped('buffer-slide'),
  },
  { when: 'as many puts wait as may', before: ['hang', 'value', 'value', 'value'], hears: 'CHANNEL_OVERFLOW' },
  { when: 'its channel sheds load', through: Doors.shedding, before: ['hang', 'value'], hears: 'OVERLOADED' },
  { when: 'its payload is not what the channel declares', through: Doors.strict, hears: 'PAYLOAD_INVALID' },
  { when: 'its worker does not exist', worker: 'Diger', hears: 'WORKER_UNKNOWN', says: { asked: 'Diger' } },
  { when: 'its worker is not exposed', worker: 'Hidden', hears: 'WORKER_NOT_EXPOSED' },
  { when: 'its timeout is no duration', options: { timeout: 'soon' as never }, hears: 'CONFIGURATION_INVALID' },
  {
    when: 'the application stops while it is handled',
    job: 'hang',
    meanwhile: ({ gateway, clock }) => Promise.all([gateway.stop(), clock.advance('1m')]),
    hears: 'WORKERS_STOPPING',
  },
  {
    when: 'the application stops while it waits',
    before: ['hang'],
    meanwhile: ({ gateway, clock }) => Promise.all([gateway.stop(), clock.advance('1m')]),
    hears: 'WORKERS_STOPPING',
  },
];

/** Sends a request as `scenario` says, and what it heard. */
async function heard(scenario: Scenario) {
  const { job = 'value', options, through = Jobs, settings, worker = 'Digger', before = [], meanwhile } = scenario;
  const clock = new HeldClock();
  const providers = worker === 'Hidden' ? [Digger, Hidden] : [Digger];
  const { gateway, workers, moduleRef } = await start({ channels: [through], providers, clock, ...settings });
  for (const one of before) await gateway.command(Digger, one);
  const caller = new AbortController();
  const error = rejection(gateway.request(worker, job, { signal: caller.signal, ...options }));
  await meanwhile?.({ clock, gateway, workers, caller });
  const { handled } = moduleRef.get(Digger);
  return { error: await error, gateway, workers, clock, handled };
}

describe('every request settles', () => {
  it('with what its handler returns, undefined and null included', async () => {
    @Worker({ in: Jobs, expose: true })
    class Echo {
      handle(value: unknown): unknown {
        return value;
      }
    }
    const { gateway } = await start({ channels: [Jobs], providers: [Echo] });
    const values = [0, '', false, null, undefined, { deep: [1n, new Date(0)] }];
    for (const value of values) expect(await gateway.request('Echo', value)).toBe(value);
  });

  it.each(scenarios)('with $hears when $when', async (scenario) => {
    const { error } = await heard(scenario);
    expect(error['code'] ?? error.constructor.name).toBe(scenario.hears);
    expect(error).toMatchObject(scenario.says ?? {});
    expect(error.message).not.toBe('');
  });

  it('with CHANNEL_CLOSED when its channel is closed', async () => {
    const { gateway } = await start({ channels: [Jobs], providers: [Digger] });
    gateway.channel(Jobs).complete();
    expect(await rejection(gateway.request(Digger, 'value'))).toMatchObject({
      code: 'CHANNEL_CLOSED',
      undelivered: { payload: 'value' },
    });
  });

  it('with WORKERS_STOPPING once the application has stopped', async () => {
    const { gateway } = await start({ channels: [Jobs], providers: [Digger] });
    await gateway.stop();
    expect(await rejection(gateway.request(Digger, 'value'))).toMatchObject({ code: 'WORKERS_STOPPING' });
  });

  it('with an error of a class and a code of its own for each decision a caller can take', async () => {
    const errors = [];
    for (const scenario of scenarios) errors.push((await heard(scenario)).error);
    const ours = errors.filter((error) => error instanceof WorkersError);
    const pairs = new Set(ours.map(({ code, name }) => `${code} ${name}`));
    expect([...pairs].toSorted()).toEqual([
      'CHANNEL_OVERFLOW ChannelOverflowError',
      'CONFIGURATION_INVALID ConfigurationError',
      'HANDLER_BLOCKED HandlerBlockedError',
      'HANDLER_FAILED HandlerFailedError',
      'HANDLER_TIMEOUT HandlerTimeoutError',
      'MESSAGE_DROPPED MessageDroppedError',
      'OVERLOADED OverloadedError',
      'PAYLOAD_INVALID PayloadInvalidError',
      'REQUEST_ABORTED RequestAbortedError',
      'REQUEST_TIMEOUT RequestTimeoutError',
      'WORKERS_STOPPING WorkersStoppingError',
      'WORKER_NOT_EXPOSED WorkerNotExposedError',
      'WORKER_UNKNOWN WorkerUnknownError',
    ]);
    expect(new Set(ours.map(({ constructor }) => constructor)).size).toBe(pairs.size);
  });

  it('with what the handler threw as the cause', async () => {
    const causes = [];
    for (const job of ['throw', 'throw a string', 'throw nothing', 'reject'] as const)
      causes.push((await heard({ when: '', hears: '', job })).error.cause);
    expect(causes).toEqual([
      new PermanentError('no gold'),
      new Error('no gold', { cause: 'no gold' }),
      expect.any(Error),
      new StillbornError('no gold'),
    ]);
  });
});

describe('a request that nobody waits for any longer', () => {
  it.each(['its deadline passes while it waits', 'its deadline passes while it waits for room'])(
    'is not run when %s',
    async (when) => {
      const scenario = scenarios.find((one) => one.when === when) as Scenario;
      const { clock, handled, gateway, workers } = await heard({ ...scenario, job: 'throw' });
      await clock.advance('10s');
      await workers.drain();
      expect(handled).toEqual(scenario.before);
      expect(gateway.stats().channels['jobs']?.drops).toEqual({ expired: 1 });
    },
  );

  it('settles once: what its handler returns or replies later is reported and ignored', async () => {
    const { opened, open } = gate();
    @Worker({ in: Jobs, expose: true })
    class Slow {
      async handle(_job: Job, context: WorkerContext): Promise<string> {
        await opened;
        context.reply('too late');
        return 'later still';
      }
    }
    const clock = new HeldClock();
    const { gateway, workers } = await start({ channels: [Jobs], providers: [Slow], clock });
    const error = rejection(gateway.request(Slow, 'value', { timeout: '1s' }));
    await clock.advance('1s');
    expect(await error).toBeInstanceOf(RequestTimeoutError);
    open();
    await clock.advance('1s');
    expect(workers.events('workers.late').map(({ what }) => what)).toEqual(['reply', 'result']);
  });

  it('answers with the first reply, while the handler goes on', async () => {
    const { opened, open } = gate();
    @Worker({ in: Jobs, expose: true })
    class Eager {
      async handle(_job: Job, context: WorkerContext): Promise<string> {
        context.reply('first');
        context.reply('second');
        await opened;
        return 'third';
      }
    }
    const { gateway, workers } = await start({ channels: [Jobs], providers: [Eager] });
    expect(await gateway.request(Eager, 'value')).toBe('first');
    expect(gateway.stats().workers['Eager']).toMatchObject({ inFlight: 1, done: 0 });
    open();
    expect(await workers.drain()).toMatchObject({ done: 1 });
    expect(workers.events('workers.late')).toMatchObject([{ what: 'reply' }]);
  });

  it('refuses an answer that is a promise, which could settle never or with anything', async () => {
    @Worker({ in: Jobs, expose: true })
    class Hasty {
      handle(job: Job, context: WorkerContext): void {
        context.reply(job === 'hang' ? new Promise(() => {}) : Promise.reject(new Error('raw')));
      }
    }
    const { gateway } = await start({ channels: [Jobs], providers: [Hasty] });
    for (const job of ['hang', 'reject'] as const) {
      const error = await rejection(gateway.request(Hasty, job));
      expect(error).toMatchObject({ code: 'HANDLER_FAILED', cause: expect.any(TypeError) as unknown });
      expect((error.cause as Error).message).toContain('Await it first');
    }
  });

  it('does not run what nobody waits for any more, also when a permit was there for it', async () => {
    const { gateway, workers, moduleRef } = await start({ channels: [Jobs], providers: [Digger] });
    const caller = new AbortController();
    const error = rejection(gateway.request(Digger, 'value', { signal: caller.signal }));
    caller.abort();
    expect(await error).toMatchObject({ code: 'REQUEST_ABORTED' });
    await workers.drain();
    expect(moduleRef.get(Digger).handled).toEqual([]);
    expect(gateway.stats().workers['Digger']).toMatchObject({ done: 0, aborted: 1, inFlight: 0 });
    expect(workers.events('workers.aborted')).toMatchObject([{ error: await error }]);
  });
});

import { Logger } from '@nestjs/common';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  HandlerFailedError,
  NotInIsolateError,
  PayloadInvalidError,
  provideWorkers,
  type WorkersStats,
} from '@nestjs-workers/core';
import { until } from '@nestjs-workers/core/testing';
import { rejection, startedOnce } from '../support/application.js';
import { entered, KINDS } from '../support/isolates.js';
import { Adder } from './fixtures/adding.js';
import { Ask, Asker, Asks, Notes, Sums, witnessed } from './fixtures/asking.js';
import { GateKeeper, Gates, openGate } from './fixtures/gates.js';

process.env['SECRET_OF_THE_HOST'] = 'secret';
process.env['SHARED_BY_NAME'] = 'shared';

describe.each(KINDS)('in a $kind', ({ kind, dispatch }) => {
  const app = startedOnce({
    channels: [Asks, Sums, Notes, Gates],
    providers: [...provideWorkers(Asker), Adder, GateKeeper],
    workers: { Asker: { dispatch: dispatch({ env: { pass: ['SHARED_BY_NAME'], set: { OWN: 'own' } } }) } },
    shutdown: { deadline: '10s', abortGrace: '5s' },
  });
  const logged: unknown[][] = [];
  const log =
    (level: string) =>
    (...said: unknown[]) =>
      void logged.push([level, ...said]);
  beforeAll(() => Logger.overrideLogger({ log: log('log'), error: log('error'), warn: log('warn') }));

  const ask = (what: string, value?: unknown) =>
    app().gateway.request(Asker, Object.assign(new Ask(), { what, ...(value === undefined ? {} : { with: value }) }));

  it('its providers are there, their start hooks have run, and nothing else of the module runs: no ticker, no worker', async () => {
    const inside = (await ask('hooks')) as { isOpen: boolean; witnessed: string[] };
    expect(inside).toEqual({ isOpen: true, witnessed: ['Library constructed', 'Asker constructed'] });
  });

  it('the host never constructs the handler, nor what it needs', () => {
    expect(witnessed).toEqual([]);
    expect(app().moduleRef.get(Asker)).not.toBeInstanceOf(Asker);
  });

  it('its payload is an instance of the class that the channel declares, and one that is not valid is refused', async () => {
    expect(await ask('class', { deep: [1] })).toEqual([true, 'CLASS!', { deep: [1] }]);
    expect(await rejection(app().gateway.request(Asker, { what: 7 } as never))).toBeInstanceOf(PayloadInvalidError);
  });

  it('its progress is seen by the caller, and what it replies counts before what it returns', async () => {
    const reply = ask('progress');
    const steps: unknown[] = [];
    reply.progress$.subscribe((step) => steps.push(step));
    expect(await reply).toBe('done');
    expect(steps).toEqual([{ step: 1 }, { step: 2 }, { step: 3 }]);
    expect(await ask('reply')).toBe('early');
  });

  it('what it logs reaches the logger of the host, with level, name and stack', async () => {
    await ask('log');
    await until(() => logged.length >= 3);
    expect(logged[0]).toEqual(['log', 'said plainly', 'Asker']);
    expect(logged[1]).toEqual(['error', 'went wrong', expect.stringContaining('Error: inside'), 'Asker']);
    expect(logged[2]?.slice(0, 2)).toEqual(['error', 'and that is all']);
  });

  it('what it emits is told to the observers', async () => {
    const told = app().workers.next('workers.custom');
    await ask('emit');
    expect(await told).toMatchObject({ worker: 'Asker', said: 'noted', data: { by: 'Asker' } });
  });

  it('requests, commands and puts go to the workers and channels of the host; failures and progress come back', async () => {
    app().workers.clear();
    expect(await ask('send')).toEqual({ sum: 3, put: 'accepted' });
    expect(app().workers.sent(Notes)).toEqual(['through the injected channel', 'through the context']);
    expect(await ask('ask for progress')).toEqual({ sum: 3, steps: ['adding'] });
    const failed = await rejection(ask('fail'));
    expect(failed.cause).toBeInstanceOf(HandlerFailedError);
    expect((failed.cause as Error).cause).toBeInstanceOf(TypeError);
    expect((failed.cause as Error).cause).toMatchObject({ message: 'that is no number' });
  });

  it('many requests under one signal listen to it once, and no longer than they are under way', async () => {
    expect(await ask('ask under one signal')).toEqual([1, 0]);
  });

  it.each(['subscribe', 'stop'])('what only the host can do (%s) is refused with the way to do it', async (what) => {
    const error = await rejection(ask(what));
    expect(error.cause).toBeInstanceOf(NotInIsolateError);
    expect((error.cause as Error).message).toMatch(/in the host/);
  });

  it('statistics are those of the host', async () => {
    const [first, second] = (await ask('stats')) as [WorkersStats, WorkersStats];
    for (const stats of [first, second]) {
      expect(stats.state).toBe('running');
      expect(Object.keys(stats.workers)).toEqual(['Asker', 'Adder', 'GateKeeper']);
    }
    expect(second.workers['Adder']?.done).toBeGreaterThan(0);
  });

  it('its environment has what every program needs, what is passed by name and what is set: no secret of the host', async () => {
    const { env } = (await ask('env')) as { env: Record<string, string> };
    expect(env).toMatchObject({ PATH: process.env['PATH'], SHARED_BY_NAME: 'shared', OWN: 'own' });
    expect(env).not.toHaveProperty('SECRET_OF_THE_HOST');
    expect(Object.keys(env).filter((name) => name.startsWith('VITEST') || name.startsWith('npm_'))).toEqual([]);
    expect(env).not.toHaveProperty('NESTJS_WORKERS_MEETING');
  });

  it('while the application drains it may still send, and its stop hooks run at the end', async () => {
    const { gateway, workers } = app();
    workers.clear();
    const sent = ask('send after', kind);
    await entered(app(), 'GateKeeper', 1);
    const stopping = gateway.stop();
    expect(await rejection(ask('send'))).toMatchObject({ code: 'WORKERS_STOPPING' });
    openGate(kind);
    expect(await sent).toEqual({ sum: 3, put: 'accepted' });
    expect(workers.sent(Notes)).toHaveLength(2);
    await stopping;
    expect(logged).toContainEqual(['log', 'closed', 'Library']);
    expect(workers.events('workers.isolate-ended')).toMatchObject([
      { why: 'was closed', ending: 'exit code 0', isCrash: false },
    ]);
    expect(workers.events('workers.fault')).toEqual([]);
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import {
  channel,
  inProcess,
  inThread,
  provideWorkers,
  Worker,
  type WorkerInterceptor,
  WorkersModule,
} from '@nestjs-workers/core';
import { Injectable, Module } from '@nestjs/common';
import { rejection, start } from '../support/application.js';
import { isolatesOf, KINDS } from '../support/isolates.js';
import { FROM_SOURCES } from '../support/sources.js';
import { Adder } from './fixtures/adding.js';
import { Ask, Asker, Asks, Notes, Sums, witnessed } from './fixtures/asking.js';
import { Deeds, Doer } from './fixtures/doing.js';
import { Beats, Heart, Pulse } from './fixtures/ticking.js';

const Given = channel<number>('given', { buffer: 10 });
const More = channel<number>('more', { buffer: 10 });

@Injectable()
class Plus {
  readonly one = 1;
}

@Module({ imports: [WorkersModule], providers: [Plus], exports: [Plus] })
class BareModule {}

@Module({ imports: [WorkersModule.forFeature({ channels: [More] })], providers: [Plus], exports: [Plus] })
class FeatureModule {}

@Worker({ in: Given, expose: true, dispatch: inThread({ context: () => BareModule }) })
class OnBare {
  constructor(private readonly plus: Plus) {}

  handle(n: number): number {
    return n + this.plus.one;
  }
}

@Worker({ in: Given, expose: true, dispatch: inThread({ context: () => FeatureModule }) })
class OnFeature {
  constructor(private readonly plus: Plus) {}

  handle(n: number): number {
    return n + this.plus.one;
  }
}

const ask = (what: string, value: unknown = null): Ask => Object.assign(new Ask(), { what, with: value });

describe.each([
  ['by its name', { workers: { Asker: { dispatch: 'inline' } } }],
  ['with all others', { dispatch: 'inline' }],
] as const)('in this process, %s', (_how, options) => {
  beforeEach(() => void (witnessed.length = 0));

  it('the handler has the context that it would have had there, with the real gateway and channels in it; nothing else of it runs', async () => {
    const { gateway, workers, moduleRef } = await start({
      channels: [Asks, Sums, Notes],
      providers: [...provideWorkers(Asker), Adder],
      ...options,
    });
    expect(isolatesOf({ gateway }, 'Asker')).toEqual([]);
    expect(await gateway.request(Asker, ask('send'))).toEqual({ sum: 3, put: 'accepted' });
    expect(workers.sent(Notes)).toEqual(['through the injected channel', 'through the context']);
    expect(await gateway.request(Asker, ask('class', 7))).toEqual([true, 'CLASS!', 7]);
    expect(await gateway.request(Asker, ask('hooks'))).toEqual({
      isOpen: true,
      witnessed: ['Library constructed', 'Asker constructed'],
    });
    await moduleRef.close();
  });
});

describe.each(KINDS)('in a $kind, interceptors of the module', ({ dispatch }) => {
  it('stand around it in this process: they see what it comes to and may make something else of it', async () => {
    const seen: unknown[] = [];
    const around: WorkerInterceptor = {
      handle: async (message, _context, next) => {
        seen.push((message.payload as { does: string }).does);
        try {
          return ['seen', await next()];
        } catch (error) {
          seen.push((error as Error).message);
          throw error;
        }
      },
    };
    const app = await start({
      channels: [Deeds],
      providers: provideWorkers(Doer),
      use: [around],
      workers: { Doer: { dispatch: dispatch({ restart: { delay: '1ms' } }) } },
    });
    expect(await app.gateway.request(Doer, { does: 'echo', value: 1 })).toEqual(['seen', 1]);
    const failed = await rejection(app.gateway.request(Doer, { does: 'throw', what: 'an error' }));
    expect(failed.cause).toMatchObject({ message: 'too far', code: 'E_FAR' });
    const crashed = await rejection(app.gateway.request(Doer, { does: 'exit', code: 2 }));
    expect(crashed).toMatchObject({ code: 'ISOLATE_CRASHED', reason: { code: 2 } });
    expect(seen).toEqual(['echo', 'throw', 'too far', 'exit', crashed.message]);
  });
});

describe('a ticker', () => {
  it.each([
    ['thread', inThread({ execArgv: FROM_SOURCES })],
    ['process', inProcess({ execArgv: FROM_SOURCES })],
  ] as const)('ticks in a %s, with its providers and its state there', async (_kind, dispatch) => {
    const { gateway, workers } = await start({
      channels: [Beats],
      providers: provideWorkers(Heart),
      tickers: { Heart: { dispatch } },
    });
    const beats: unknown[] = [];
    gateway.channel(Beats).subscribe((beat) => beats.push(beat));
    await workers.next('workers.tick', {}, '10s');
    while (beats.length < 3) await workers.next('workers.tick', {}, '10s');
    expect(beats.slice(0, 3)).toMatchObject([{ count: 1 }, { count: 2 }, { count: 3 }]);
    expect(isolatesOf({ gateway }, 'Heart')).toMatchObject([{ name: 'Heart#1' }]);
    expect(Pulse.made).toBe(0);
  });
});

it.each([
  ['the bare module', OnBare],
  ['a feature', OnFeature],
])('a handler whose context imports %s may be kept here', async (_what, worker) => {
  const providers = provideWorkers(worker);
  const { gateway } = await start({ channels: [Given, More], providers, dispatch: 'inline' });
  expect(await gateway.request(worker as typeof OnBare, 1)).toBe(2);
});

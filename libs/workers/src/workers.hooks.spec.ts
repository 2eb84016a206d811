import {
  Global,
  Injectable,
  Module,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
import { channel } from './channel/channel.declaration.js';
import type { DispatchPlan } from './dispatch/dispatcher.js';
import { WorkerGateway } from './gateway/worker.gateway.js';
import type { Leftover } from './lifecycle/supervisor.js';
import { boot, compile } from './testing/fixtures/boot.js';
import { calm, gate, rejection } from './testing/fixtures/promises.js';
import { HeldClock } from './testing/held.clock.js';
import { RecordingDispatcher } from './testing/recording.dispatcher.js';
import { workersTesting } from './testing/testing.js';
import { Ticker } from './ticker/ticker.decorator.js';
import type { WorkerContext } from './worker/worker.context.js';
import { Worker } from './worker/worker.decorator.js';
import { WorkersEvents } from './observe/workers.events.js';
import { WorkersModule } from './workers.module.js';

const Texts = channel<string>('texts', { buffer: 8 });
const Echoes = channel<string>('echoes', { buffer: 8 });
const patient = { shutdown: { deadline: '25s', abortGrace: '5s' } } as const;

@Worker({ in: Texts, expose: true })
class Echo {
  handle(text: string): string {
    return `${text} ${text}`;
  }
}

/** A dispatch that does nothing, and starts as it is told. */
function startingWith(start: () => Promise<void>): DispatchPlan {
  return {
    kind: 'starting',
    create: () => ({
      start,
      dispatch: () => {},
      abandon: () => {},
      askToStop: () => {},
      stop: () => {},
      isolates: () => [],
    }),
  };
}

describe('the workers start', () => {
  it('after every other module has started, and stop before any other, wherever the module was imported', async () => {
    const order: string[] = [];
    const hooked = (name: string) => {
      @Injectable()
      class Hooked implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
        onModuleInit(): void {
          order.push(`${name} init`);
        }

        onApplicationBootstrap(): void {
          order.push(`${name} bootstrap`);
        }

        onModuleDestroy(): void {
          order.push(`${name} destroy`);
        }
      }
      return Hooked;
    };
    @Global()
    @Module({ providers: [hooked('global')] })
    class DatabaseModule {}
    @Module({ providers: [hooked('deep')] })
    class DeepModule {}
    @Module({ imports: [DeepModule], providers: [hooked('feature'), Echo] })
    class FeatureModule {}
    const workersModule = WorkersModule.forRoot({ channels: [Texts], guard: 'off' });
    for (const imports of [
      [workersModule, DatabaseModule, FeatureModule],
      [DatabaseModule, FeatureModule, workersModule],
    ]) {
      order.length = 0;
      const moduleRef = await Test.createTestingModule({ imports, providers: [hooked('root')] }).compile();
      moduleRef.get(WorkersEvents, { strict: false }).events$.subscribe(({ name }) => order.push(name));
      await moduleRef.init();
      await moduleRef.close();
      const at = (line: string) => order.indexOf(line);
      expect(order).toHaveLength(14);
      expect(at('workers.running')).toBe(8);
      expect(at('workers.stopped')).toBe(9);
    }
  });

  it('with the messages that other modules sent while they started', async () => {
    @Injectable()
    class Eager implements OnModuleInit, OnApplicationBootstrap {
      readonly answers: Promise<string>[] = [];

      constructor(private readonly gateway: WorkerGateway) {}

      async onModuleInit(): Promise<void> {
        expect(await this.gateway.command(Echo, 'init')).toBe('accepted');
      }

      onApplicationBootstrap(): void {
        this.answers.push(this.gateway.request(Echo, 'bootstrap'));
        expect(this.gateway.stats()).toMatchObject({ state: 'idle', channels: { texts: { depth: 2 } } });
      }
    }
    @Global()
    @Module({ providers: [Eager], exports: [Eager] })
    class EagerModule {}
    const { moduleRef, workers } = await boot({ channels: [Texts], providers: [Echo], imports: [EagerModule] });
    expect(await Promise.all(moduleRef.get(Eager, { strict: false }).answers)).toEqual(['bootstrap bootstrap']);
    expect(workers.sent(Echo)).toEqual(['init', 'bootstrap']);
  });

  it('when they are told to, with autoStart false', async () => {
    const { gateway, workers } = await boot({ channels: [Texts], providers: [Echo], autoStart: false });
    const waiting = gateway.request(Echo, 'hi');
    await calm();
    expect([gateway.stats().state, gateway.stats().channels['texts']?.depth]).toEqual(['idle', 1]);
    await Promise.all([gateway.start(), gateway.start()]);
    expect(await waiting).toBe('hi hi');
    expect(workers.events('workers.running')).toEqual([{ name: 'workers.running', workers: ['Echo'], tickers: [] }]);
    await gateway.start();
    expect(gateway.stats().state).toBe('running');
  });

  it('not again once they were stopped', async () => {
    const { gateway } = await boot({ channels: [Texts], providers: [Echo] });
    await gateway.stop();
    expect(await rejection(gateway.start())).toMatchObject({
      code: 'WORKERS_STOPPING',
      message:
        'The workers were to be started, but the workers are stopping. Send it to another instance, or again after the restart.',
    });
  });

  it('not at all when a dispatcher cannot, and what it said is what the application says', async () => {
    const dispatch = startingWith(() => Promise.reject(new Error('no such module')));
    const moduleRef = await compile({ channels: [Texts], providers: [Echo], dispatch });
    await expect(moduleRef.init()).rejects.toThrow('no such module');
    await moduleRef.close();
  });

  it('not at all when something is wrong, and closing is harmless then', async () => {
    const moduleRef = await compile({ providers: [Echo] });
    await expect(moduleRef.init()).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' });
    await moduleRef.close();
  });
});

describe('a stop', () => {
  it('lets what waits and what runs be finished, and what follows from it', async () => {
    const handled: string[] = [];
    @Worker({ in: Texts, out: Echoes, expose: true })
    class First {
      async handle(text: string): Promise<string> {
        await calm();
        return text;
      }
    }
    @Worker({ in: Echoes })
    class Second {
      async handle(text: string): Promise<void> {
        await calm();
        handled.push(text);
      }
    }
    const { gateway } = await boot({ channels: [Texts, Echoes], providers: [First, Second] });
    for (const text of ['a', 'b', 'c']) await gateway.command(First, text);
    await gateway.stop();
    expect(handled).toEqual(['a', 'b', 'c']);
    expect(gateway.stats()).toMatchObject({ state: 'stopped', workers: { First: { done: 3 }, Second: { done: 3 } } });
  });

  it('refuses outsiders, and closes the channels in the end', async () => {
    const dispatch = new RecordingDispatcher();
    const { gateway } = await boot({ channels: [Texts], providers: [Echo], dispatch });
    await gateway.command(Echo, 'running');
    const run = await dispatch.next();
    const stopping = gateway.stop();
    expect(gateway.stats().state).toBe('draining');
    const outside = await Promise.all([
      rejection(gateway.command(Echo, 'outside')),
      rejection(gateway.request(Echo, 'outside')),
    ]);
    expect(outside).toMatchObject([{ code: 'WORKERS_STOPPING' }, { code: 'WORKERS_STOPPING' }]);
    expect(outside[0]?.message).toContain('A message was sent to worker "Echo", but the workers are stopping.');
    run.done();
    await stopping;
    expect(await rejection(gateway.command(Echo, 'after'))).toMatchObject({ code: 'WORKERS_STOPPING' });
    gateway.channel(Texts).next('after');
    expect(gateway.stats().channels['texts']).toMatchObject({ refused: 3, drops: { 'input-drop': 1 }, depth: 0 });
  });

  it('lets a running handler still send, also after an await and through a service it calls', async () => {
    const { opened, open } = gate();
    @Injectable()
    class Mail {
      constructor(private readonly gateway: WorkerGateway) {}

      send(text: string): Promise<string> {
        return this.gateway.request(Echo, text);
      }
    }
    @Worker({ in: Echoes, expose: true })
    class Writer {
      constructor(private readonly mail: Mail) {}

      async handle(text: string): Promise<string> {
        await opened;
        await new Promise((resolve) => setTimeout(resolve, 1));
        return this.mail.send(text);
      }
    }
    const { gateway } = await boot({ channels: [Texts, Echoes], providers: [Echo, Writer, Mail] });
    const written = gateway.request(Writer, 'dear');
    await calm();
    const stopping = gateway.stop();
    await expect(gateway.command(Echo, 'outside')).rejects.toMatchObject({ code: 'WORKERS_STOPPING' });
    open();
    expect(await written).toBe('dear dear');
    await stopping;
  });

  it('takes a handler of another application for an outsider', async () => {
    const { opened, open } = gate();
    const stopping = await boot({
      channels: [Texts],
      providers: [Echo],
      workers: { Echo: { dispatch: new RecordingDispatcher() } },
    });
    @Worker({ in: Texts, expose: true })
    class Neighbour {
      async handle(text: string): Promise<unknown> {
        await opened;
        return stopping.gateway.command(Echo, text);
      }
    }
    const { gateway } = await boot({ channels: [Texts], providers: [Neighbour] });
    await stopping.gateway.command(Echo, 'holds it up');
    const sent = rejection(gateway.request(Neighbour, 'over the fence'));
    await calm();
    const stopped = stopping.gateway.stop();
    open();
    expect((await sent).cause).toMatchObject({ code: 'WORKERS_STOPPING' });
    await stopped;
  });

  it('stops tickers first: nothing becomes due while it drains', async () => {
    const clock = new HeldClock();
    const dispatch = new RecordingDispatcher();
    @Ticker({ every: '1s', dispatch: 'inline' })
    class Clock {
      tick(): void {}
    }
    const { gateway, workers } = await boot({
      channels: [Texts],
      providers: [Echo, Clock],
      clock,
      workers: { Echo: { dispatch } },
      ...patient,
    });
    await clock.advance('2s');
    await gateway.command(Echo, 'long');
    const run = await dispatch.next();
    const stopping = gateway.stop();
    await clock.advance('10s');
    run.done();
    await stopping;
    expect(workers.events('workers.tick')).toHaveLength(2);
  });

  it('asks handlers to stop when the time to drain is over; what they return in the grace counts', async () => {
    const clock = new HeldClock();
    @Worker({ in: Texts, expose: true, timeout: false })
    class Obedient {
      async handle(text: string, { signal }: WorkerContext): Promise<string> {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        return `${text}, ${(signal.reason as Error).message.slice(0, 29)}`;
      }
    }
    const { gateway } = await boot({ channels: [Texts], providers: [Obedient], clock, ...patient });
    const answer = gateway.request(Obedient, 'saved', { timeout: '1h' });
    await calm();
    const stopping = gateway.stop();
    await clock.advance('19999ms');
    expect(gateway.stats().workers['Obedient']?.inFlight).toBe(1);
    await clock.advance(1);
    expect(await answer).toBe('saved, A handler was still running, ');
    await stopping;
    expect(clock.now()).toBe(20_000);
  });

  it('gives up handlers that ignore it when the grace is over, and hands over what is left, by name', async () => {
    const clock = new HeldClock();
    const leftovers: Leftover[] = [];
    @Worker({ in: Texts, expose: true, timeout: false })
    class Stubborn {
      handle(_text: string): Promise<void> {
        return new Promise(() => {});
      }
    }
    const { gateway, workers } = await boot({
      channels: [Texts],
      providers: [Stubborn],
      clock,
      ...patient,
      onLeftover: (left) => void leftovers.push(...left),
    });
    const running = rejection(gateway.request(Stubborn, 'runs', { timeout: '1h' }));
    const waiting = rejection(gateway.request(Stubborn, 'waits', { timeout: '1h' }));
    await gateway.command(Stubborn, 'waits too');
    await calm();
    const stopping = gateway.stop();
    await clock.advance('25s');
    await stopping;
    expect(await running).toMatchObject({ code: 'WORKERS_STOPPING' });
    expect(await waiting).toMatchObject({ code: 'WORKERS_STOPPING' });
    const shown = leftovers.map(({ from, kind, messages }) => [from, kind, messages.map(({ payload }) => payload)]);
    expect(shown).toEqual(
      expect.arrayContaining([
        ['texts', 'waiting', ['waits', 'waits too']],
        ['Stubborn', 'aborted', ['runs']],
      ]),
    );
    expect(shown).toHaveLength(2);
    expect(workers.events('workers.stopped')).toEqual([
      { name: 'workers.stopped', tookMs: 25_000, leftovers: { texts: 2, Stubborn: 1 } },
    ]);
    expect(gateway.stats()).toMatchObject({
      channels: { texts: { accepted: 3, taken: 1, leftOver: 2 } },
      workers: { Stubborn: { aborted: 1, inFlight: 0 } },
    });
  });

  it('has one deadline for everything', async () => {
    const clock = new HeldClock();
    const [A, B] = [channel<string>('a', { buffer: 1 }), channel<string>('b', { buffer: 1 })];
    const stuck = (name: string, where: typeof A) => {
      @Worker({ in: where, expose: true, name, timeout: false })
      class Stuck {
        handle(_text: string): Promise<void> {
          return new Promise(() => {});
        }
      }
      return Stuck;
    };
    const { moduleRef, gateway } = await boot({
      channels: [A, B],
      providers: [stuck('one', A), stuck('two', B)],
      clock,
      ...patient,
    });
    await Promise.all([gateway.command('one', 'x'), gateway.command('two', 'x')]);
    await calm();
    const closing = moduleRef.close();
    await calm();
    await clock.advance('25s');
    await closing;
    expect(clock.now()).toBe(25_000);
  });

  it('may be asked for twice, and by the application too', async () => {
    const { moduleRef, gateway, workers } = await boot({ channels: [Texts], providers: [Echo] });
    await Promise.all([gateway.stop(), gateway.stop(), moduleRef.close()]);
    expect(workers.events('workers.stopped')).toHaveLength(1);
  });

  it('before the start is fine: nothing runs, and what waits is left over', async () => {
    const left: Leftover[] = [];
    const { gateway, workers } = await boot({
      channels: [Texts],
      providers: [Echo],
      autoStart: false,
      onLeftover: (leftovers) => void left.push(...leftovers),
    });
    const refused = rejection(gateway.request(Echo, 'never'));
    await gateway.stop();
    expect(await refused).toMatchObject({ code: 'WORKERS_STOPPING' });
    expect(left).toMatchObject([{ from: 'texts', kind: 'waiting', messages: [{ payload: 'never' }] }]);
    expect(workers.events('workers.started')).toEqual([]);
  });

  it('of an application that was compiled and never started is fine', async () => {
    const moduleRef = await compile({ channels: [Texts], providers: [Echo] });
    await moduleRef.close();
  });

  it('is not held up by an onLeftover that throws; that is reported', async () => {
    const { gateway, workers } = await boot({
      channels: [Texts],
      providers: [Echo],
      autoStart: false,
      onLeftover: async () => Promise.reject(new Error('disk full')),
    });
    await gateway.command(Echo, 'never');
    await gateway.stop();
    expect(workers.events('workers.fault')).toMatchObject([{ source: 'onLeftover', error: new Error('disk full') }]);
    expect(workers.events('workers.stopped')).toMatchObject([{ leftovers: { texts: 1 } }]);
  });

  it('while a dispatcher is still starting waits for that, and then stops', async () => {
    const { opened, open } = gate();
    const dispatch = startingWith(() => opened);
    const moduleRef = await compile({ channels: [Texts], providers: [Echo], dispatch });
    const workers = workersTesting(moduleRef);
    const starting = moduleRef.init();
    await calm();
    const stopping = moduleRef.get(WorkerGateway).stop();
    open();
    await Promise.all([starting, stopping]);
    expect(workers.events().map(({ name }) => name)).toEqual(['workers.stopped']);
    await moduleRef.close();
  });
});

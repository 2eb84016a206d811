import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { IsInt } from 'class-validator';
import { channel } from '../channel/channel.declaration.js';
import { PayloadInvalidError } from '../channel/payload.check.js';
import { WorkerGateway } from '../gateway/worker.gateway.js';
import type { Message } from '../message/message.js';
import { Ticker } from '../ticker/ticker.decorator.js';
import type { WorkerContext } from '../worker/worker.context.js';
import { Worker } from '../worker/worker.decorator.js';
import { WorkersModule } from '../workers.module.js';
import { WORKERS_MODULE_OPTIONS } from '../workers.module-definition.js';
import { boot, compile } from './fixtures/boot.js';
import { gate } from './fixtures/promises.js';
import { HeldClock } from './held.clock.js';
import { RecordingDispatcher } from './recording.dispatcher.js';
import { workersTesting } from './testing.js';

const Numbers = channel<number>('numbers', { buffer: 8 });
const Doubles = channel<number>('doubles', { buffer: 8 });

class NoEvenError extends Error {}

@Worker({ in: Numbers, out: Doubles, expose: true })
class Doubler {
  async handle(n: number, { headers }: WorkerContext): Promise<number> {
    await sleep(1);
    if (headers['odd'] === 'only' && n % 2 === 0) throw new NoEvenError(`${n} is even`);
    return n * 2;
  }
}

@Worker({ in: Doubles })
class Printer {
  readonly printed: string[] = [];

  async handle(n: number): Promise<void> {
    await sleep(1);
    this.printed.push(`no. ${n}`);
  }
}

const channels = [Numbers, Doubles];

describe('sent', () => {
  it('gives the payloads that a worker was sent, by whomever, in order', async () => {
    const { gateway, workers } = await boot({ channels, providers: [Doubler, Printer] });
    await gateway.command(Doubler, 1);
    gateway.channel(Numbers).next(2);
    const reply = gateway.request('Doubler', 3);
    expect(workers.sent(Doubler)).toEqual([1, 2, 3]);
    await reply;
    expect([workers.sent('Printer'), workers.sent(Doubles)]).toEqual([
      [2, 4, 6],
      [2, 4, 6],
    ]);
  });

  it('does not wait for the workers to run: with autoStart false they are sent to and handle nothing', async () => {
    const { gateway, workers } = await boot({ channels, providers: [Doubler], autoStart: false });
    await gateway.command(Doubler, 1);
    expect(workers.sent(Doubler)).toEqual([1]);
    expect(gateway.stats().channels['numbers']).toMatchObject({ depth: 1, taken: 0 });
  });

  it('starts anew with clear', async () => {
    const { gateway, workers } = await boot({ channels, providers: [Doubler] });
    await gateway.command(Doubler, 1);
    workers.clear();
    await gateway.command(Doubler, 2);
    expect(workers.sent(Doubler)).toEqual([2]);
  });

  it('refuses a worker that is none, with the near miss', async () => {
    const { workers } = await boot({ channels, providers: [Doubler] });
    expect(() => workers.sent('Dobler')).toThrow(
      'Worker "Dobler" was addressed and is not registered. Known: "Doubler". Did you mean "Doubler"?',
    );
    expect(() => workers.sent(channel('nowhere'))).toThrow('Channel "nowhere" was asked for and is not declared.');
  });
});

describe('drain', () => {
  it('waits for what was sent and for what follows from it', async () => {
    const { moduleRef, gateway, workers } = await boot({ channels, providers: [Doubler, Printer] });
    await gateway.command(Doubler, 1);
    await gateway.command(Doubler, 2);
    expect(await workers.drain()).toEqual({ done: 4, failed: 0, aborted: 0, lost: 0, dropped: 0, errors: [] });
    expect(moduleRef.get(Printer).printed).toEqual(['no. 2', 'no. 4']);
  });

  it('reports each outcome once', async () => {
    const { gateway, workers } = await boot({ channels, providers: [Doubler, Printer] });
    await gateway.command(Doubler, 2, { headers: { odd: 'only' } });
    expect(await workers.drain()).toMatchObject({ done: 0, failed: 1, errors: [new NoEvenError('2 is even')] });
    expect(await workers.drain()).toEqual({ done: 0, failed: 0, aborted: 0, lost: 0, dropped: 0, errors: [] });
  });

  it('counts what was dropped and what was lost', async () => {
    const Narrow = channel<number>('narrow', { putMode: 'drop' });
    const dispatch = new RecordingDispatcher();
    @Worker({ in: Narrow, expose: true })
    class Slow {
      handle(_n: number): void {}
    }
    const { gateway, workers } = await boot({ channels: [Narrow], providers: [Slow], dispatch });
    const results = [await gateway.command(Slow, 1), await gateway.command(Slow, 2)];
    (await dispatch.next()).lose(new Error('shot'));
    expect(await workers.drain()).toMatchObject({ done: 0, lost: 1, dropped: 1, errors: [new Error('shot')] });
    expect(results).toEqual(['accepted', 'dropped']);
  });

  it('says what is still there when the limit is over', async () => {
    const { opened, open } = gate();
    @Worker({ in: Numbers, expose: true, concurrency: 2 })
    class Stuck {
      async handle(_n: number): Promise<void> {
        await opened;
      }
    }
    const { gateway, workers } = await boot({ channels, providers: [Stuck, Printer] });
    for (const n of [1, 2, 3, 4, 5]) await gateway.command(Stuck, n);
    await expect(workers.drain('20ms')).rejects.toThrow(
      'Waited 20 ms for everything to be done. Still there: Stuck (2 in flight, 3 waiting).',
    );
    open();
    expect(await workers.drain()).toMatchObject({ done: 5 });
  });

  it('waits for ticks too', async () => {
    const { opened, open } = gate();
    @Ticker({ every: '1s' })
    class Clock {
      async tick(): Promise<void> {
        await opened;
      }
    }
    const clock = new HeldClock();
    const { workers } = await boot({ channels, providers: [Clock], clock });
    await clock.advance('1s');
    await expect(workers.drain('20ms')).rejects.toThrow('Still there: Clock (1 in flight, 0 waiting).');
    open();
    expect(await workers.drain()).toMatchObject({ done: 1 });
  });

  it('refuses to wait for workers that were never started', async () => {
    const { workers } = await boot({ channels, providers: [Doubler], autoStart: false });
    await expect(workers.drain()).rejects.toThrow('drain() was asked for, and the workers are not started.');
  });
});

class Amount {
  @IsInt()
  cents!: number;
}

describe('perform', () => {
  const Amounts = channel<Amount>('amounts', { buffer: 1, payload: Amount });

  @Injectable()
  class Shouting {
    async handle(_message: Message, _context: WorkerContext, next: () => Promise<unknown>): Promise<unknown> {
      return `${String(await next())}!`;
    }
  }

  @Worker({ in: Amounts, use: [Shouting] })
  class Cashier {
    handle(amount: Amount, { headers }: WorkerContext): string {
      if (amount.cents < 0) throw new RangeError('a negative amount');
      return `${amount instanceof Amount ? 'an Amount' : 'an object'} of ${amount.cents} ${headers['currency'] ?? ''}`;
    }
  }

  it('goes the whole way: validation, interceptors, headers, handler', async () => {
    const { workers } = await boot({ channels: [Amounts], providers: [Cashier] });
    const said = await workers.perform(Cashier, { cents: 5 }, { headers: { currency: 'SEK' } });
    expect(said).toBe('an Amount of 5 SEK!');
    await expect(workers.perform('Cashier', { cents: 'five' })).rejects.toThrow(PayloadInvalidError);
  });

  it('works for a worker that is not exposed, and leaves it so', async () => {
    const { gateway, workers } = await boot({ channels: [Amounts], providers: [Cashier] });
    await workers.perform(Cashier, { cents: 5 });
    await expect(gateway.command(Cashier, { cents: 5 })).rejects.toThrow('is not exposed');
  });

  it('rejects with what the handler threw', async () => {
    const { workers } = await boot({ channels: [Amounts], providers: [Cashier] });
    await expect(workers.perform(Cashier, { cents: -1 })).rejects.toThrow(new RangeError('a negative amount'));
  });

  it('refuses to wait for workers that were never started', async () => {
    const { workers } = await boot({ channels: [Amounts], providers: [Cashier], autoStart: false });
    await expect(workers.perform(Cashier, { cents: 1 })).rejects.toThrow(
      'perform() was asked for, and the workers are not started.',
    );
  });
});

describe('next', () => {
  it('gives the next event of a name with these fields', async () => {
    const { gateway, workers } = await boot({ channels, providers: [Doubler, Printer] });
    const printed = workers.next('workers.completed', { worker: 'Printer' });
    await gateway.command(Doubler, 1);
    expect(await printed).toMatchObject({ name: 'workers.completed', worker: 'Printer', channel: 'doubles' });
  });

  it('or the next for which a function says so', async () => {
    const { gateway, workers } = await boot({ channels, providers: [Doubler] });
    const failed = workers.next('workers.error', ({ error }) => error.message.startsWith('4'));
    for (const n of [2, 4]) await gateway.command(Doubler, n, { headers: { odd: 'only' } });
    expect((await failed).error).toEqual(new NoEvenError('4 is even'));
  });

  it('says how many of the name were heard when the limit is over', async () => {
    const { gateway, workers } = await boot({ channels, providers: [Doubler] });
    const never = workers.next('workers.completed', { worker: 'Printer' }, '30ms');
    await gateway.request(Doubler, 1);
    await expect(never).rejects.toThrow(
      "Waited 30 ms for the event 'workers.completed' as asked for; 1 of that name were heard.",
    );
  });
});

describe('events', () => {
  it('are kept in order, all or those of a name', async () => {
    const { gateway, workers } = await boot({ channels, providers: [Doubler] });
    await gateway.request(Doubler, 1);
    await workers.drain();
    expect(workers.events().map(({ name }) => name)).toEqual([
      'workers.running',
      'workers.accepted',
      'workers.started',
      'workers.accepted',
      'workers.completed',
    ]);
    expect(workers.events('workers.accepted').map((event) => event.channel)).toEqual(['numbers', 'doubles']);
    workers.clear();
    expect(workers.events()).toEqual([]);
  });
});

describe("the module's options under test", () => {
  it('are overridden with overrideProvider(WORKERS_MODULE_OPTIONS)', async () => {
    const elsewhere = new RecordingDispatcher(() => expect.unreachable());
    @Worker({ in: Numbers, expose: true, dispatch: elsewhere })
    class Elsewhere {
      handle(n: number): number {
        return n + 1;
      }
    }
    const imports = [WorkersModule.forRoot({ channels, workers: { Elsewhere: { timeout: '1ms' } } })];
    const moduleRef = await Test.createTestingModule({ imports, providers: [Elsewhere] })
      .overrideProvider(WORKERS_MODULE_OPTIONS)
      .useValue({ dispatch: 'inline', clock: new HeldClock() })
      .compile();
    onTestFinished(() => moduleRef.close());
    await moduleRef.init();
    expect(await moduleRef.get(WorkerGateway).request(Elsewhere, 1)).toBe(2);
    expect(elsewhere.runs).toEqual([]);
  });

  it('force every dispatch inline with one option', async () => {
    const elsewhere = new RecordingDispatcher(() => expect.unreachable());
    @Worker({ in: Numbers, dispatch: elsewhere })
    class First {
      handle(n: number): string {
        return `first ${n}`;
      }
    }
    @Worker({ in: Doubles, dispatch: elsewhere })
    class Second {
      handle(n: number): string {
        return `second ${n}`;
      }
    }
    const { workers } = await boot({ channels, providers: [First, Second], dispatch: 'inline' });
    expect([await workers.perform(First, 1), await workers.perform(Second, 2)]).toEqual(['first 1', 'second 2']);
  });

  it('take a held clock, which drives timeouts', async () => {
    const { opened } = gate();
    @Worker({ in: Numbers, expose: true })
    class Stuck {
      async handle(_n: number): Promise<void> {
        await opened;
      }
    }
    const clock = new HeldClock();
    const { gateway, workers } = await boot({ channels, providers: [Stuck], clock });
    await gateway.command(Stuck, 1);
    await clock.advance('29s');
    expect(workers.events('workers.timeout')).toEqual([]);
    await clock.advance('1s');
    expect(workers.events('workers.timeout')).toMatchObject([{ worker: 'Stuck', kind: 'handler_timeout' }]);
  });

  it('are checked when the testing is asked for, before anything starts', async () => {
    const moduleRef = await compile({ channels: [Numbers], providers: [Doubler] });
    expect(() => workersTesting(moduleRef)).toThrow('workers.Doubler.out: Channel "doubles" was asked for');
  });
});

import { Global, Inject, Injectable, Logger, Module, type OnModuleInit, Scope } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import type { Subject } from 'rxjs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Channel } from './channel/channel.js';
import { channel } from './channel/channel.declaration.js';
import { InjectChannel } from './channel/channel.decorator.js';
import { WorkerGateway } from './gateway/worker.gateway.js';
import { ConfigurationError } from './option.table.js';
import type { WorkersEvent } from './observe/events.js';
import { WorkersEvents } from './observe/workers.events.js';
import { boot, compile } from './testing/fixtures/boot.js';
import { gate, rejection } from './testing/fixtures/promises.js';
import { workersTesting } from './testing/testing.js';
import { Worker } from './worker/worker.decorator.js';
import { WorkersModule } from './workers.module.js';
import type { WorkersOptionsFactory } from './workers.module-definition.js';
import type { WorkersModuleOptions } from './workers.options.js';

const Numbers = channel<number>('numbers', { buffer: 4 });

@Worker({ in: Numbers, expose: true })
class Doubler {
  handle(n: number): number {
    return n * 2;
  }
}

@Injectable()
class Config {
  readonly concurrency: number = 7;
}

@Module({ providers: [Config], exports: [Config] })
class ConfigModule {}

async function started(metadata: Parameters<typeof Test.createTestingModule>[0]) {
  const moduleRef = await Test.createTestingModule(metadata).compile();
  onTestFinished(() => moduleRef.close());
  return moduleRef.init();
}

describe('forRootAsync', () => {
  class Factory implements WorkersOptionsFactory {
    createWorkersOptions(): WorkersModuleOptions {
      return { workers: { Doubler: { concurrency: 7 } } };
    }
  }
  @Module({ providers: [Factory], exports: [Factory] })
  class FactoryModule {}

  it.each([
    [
      'useFactory',
      {
        imports: [ConfigModule],
        inject: [Config],
        useFactory: async ({ concurrency }: Config) => Promise.resolve({ workers: { Doubler: { concurrency } } }),
      },
    ],
    ['useClass', { useClass: Factory }],
    ['useExisting', { imports: [FactoryModule], useExisting: Factory }],
  ])('takes %s', async (_what, async) => {
    const imports = [WorkersModule.forRootAsync({ channels: [Numbers], ...async })];
    const moduleRef = await started({ imports, providers: [Doubler] });
    expect(moduleRef.get(WorkerGateway).stats().workers['Doubler']?.concurrency).toBe(7);
    expect(await moduleRef.get(WorkerGateway).request(Doubler, 4)).toBe(8);
  });

  it('says where channels belong when the factory returns them', async () => {
    const useFactory = () => ({ channels: [Numbers] }) as WorkersModuleOptions;
    const imports = [WorkersModule.forRootAsync({ useFactory })];
    const moduleRef = await Test.createTestingModule({ imports }).compile();
    expect((await rejection(moduleRef.init())).message).toContain(
      'forRootAsync: channels belong beside useFactory, not into what it returns, because they are injection tokens: forRootAsync({ channels: [...], useFactory })',
    );
  });
});

describe('forFeature', () => {
  const Reports = channel<string>('reports', { buffer: 4 });

  @Injectable()
  class Office {
    constructor(@InjectChannel(Reports) readonly reports: Channel<string>) {}
  }

  @Worker({ in: Reports, expose: true })
  class Reporter {
    handle(text: string): string {
      return `reported ${text}`;
    }
  }

  @Module({
    imports: [WorkersModule.forFeature({ channels: [Reports] })],
    providers: [Office, Reporter],
    exports: [Office],
  })
  class OfficeModule {}

  it('declares channels of a feature module, injectable there and known everywhere', async () => {
    const { moduleRef, gateway } = await boot({ imports: [OfficeModule] });
    expect(moduleRef.get(Office, { strict: false }).reports).toBe(gateway.channel(Reports));
    expect(await gateway.request(Reporter, 'rain')).toBe('reported rain');
    expect(Object.keys(gateway.stats().channels)).toEqual(['reports']);
  });

  it('may be called by several modules, each with channels of its own', async () => {
    const Bills = channel<string>('bills');
    @Module({ imports: [WorkersModule.forFeature({ channels: [Bills] })] })
    class BillsModule {}
    const { gateway } = await boot({ channels: [Numbers], imports: [OfficeModule, BillsModule] });
    expect(Object.keys(gateway.stats().channels).toSorted()).toEqual(['bills', 'numbers', 'reports']);
  });
});

describe('isGlobal', () => {
  @Injectable()
  class Deep {
    constructor(readonly gateway: WorkerGateway) {}
  }

  it('is true by default: the gateway is injected anywhere', async () => {
    @Module({ providers: [Deep] })
    class DeepModule {}
    const { moduleRef, gateway } = await boot({ imports: [DeepModule] });
    expect(moduleRef.get(Deep, { strict: false }).gateway).toBe(gateway);
  });

  it('false leaves the gateway to those who import the module', async () => {
    @Module({ providers: [Deep] })
    class DeepModule {}
    await expect(compile({ isGlobal: false, imports: [DeepModule] })).rejects.toThrow(
      /resolve dependencies of the Deep/,
    );
    const root = WorkersModule.forRoot({ isGlobal: false, channels: [Numbers] });
    @Module({ imports: [root], providers: [Deep, Doubler] })
    class ImportingModule {}
    const moduleRef = await started({ imports: [ImportingModule] });
    expect(await moduleRef.get(Deep, { strict: false }).gateway.request(Doubler, 1)).toBe(2);
  });
});

describe('forRoot', () => {
  it('called twice is refused, with the way out', async () => {
    @Module({ imports: [WorkersModule.forRoot({ channels: [Numbers] })] })
    class FeatureModule {}
    await expect(compile({ imports: [FeatureModule] })).rejects.toThrow(
      'WorkersModule.forRoot() was called more than once in this application. Call it once, in the root module; declare further channels with WorkersModule.forFeature({ channels }).',
    );
  });

  it('beside the bare module, which a feature may import without saying anything by it, is called once', async () => {
    @Module({ imports: [WorkersModule] })
    class FeatureModule {}
    const { gateway } = await boot({ channels: [Numbers], providers: [Doubler], imports: [FeatureModule] });
    expect(await gateway.request(Doubler, 2)).toBe(4);
  });

  it.each([
    ['by the bare module', WorkersModule, 'WorkersModule is imported, and no WorkersModule.forRoot() is there for it.'],
    [
      'by a feature',
      WorkersModule.forFeature({ channels: [Numbers] }),
      'channels.numbers: WorkersModule.forFeature() declares it, and no WorkersModule.forRoot() is there for it.',
    ],
  ])('is missed, with the way out: %s', async (_who, imported, problem) => {
    @Module({ imports: [imported] })
    class RootlessModule {}
    const error = await rejection(Test.createTestingModule({ imports: [RootlessModule] }).compile());
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toContain(`${problem} Import WorkersModule.forRoot(`);
  });

  it('once in each of two applications makes two worlds from the same classes and constants', async () => {
    const [one, two] = [
      await boot({ channels: [Numbers], providers: [Doubler] }),
      await boot({ channels: [Numbers], providers: [Doubler] }),
    ];
    expect(await one.gateway.request(Doubler, 1)).toBe(2);
    expect(one.gateway.channel(Numbers)).not.toBe(two.gateway.channel(Numbers));
    expect([one.workers.sent(Doubler), two.workers.sent(Doubler)]).toEqual([[1], []]);
    await one.gateway.stop();
    expect(await two.gateway.request(Doubler, 2)).toBe(4);
    await expect(one.gateway.command(Doubler, 3)).rejects.toMatchObject({ code: 'WORKERS_STOPPING' });
  });
});

describe('a feature module that is loaded while the application runs', () => {
  it('is refused when its channel has a name that is taken, and nothing else is touched', async () => {
    const { moduleRef, gateway } = await boot({ channels: [Numbers], providers: [Doubler] });
    @Module({ imports: [WorkersModule.forFeature({ channels: [channel('numbers', { buffer: 1 })] })] })
    class LazyModule {}
    const loading = moduleRef.get(LazyModuleLoader).load(() => LazyModule);
    await expect(loading).rejects.toThrow('channels.numbers: two channels have this name');
    expect([gateway.stats().state, await gateway.request(Doubler, 2)]).toEqual(['running', 4]);
  });
});

describe('whoever sends in a constructor', () => {
  it('is told to wait for the start hooks, where not all workers are there to be known yet', async () => {
    const asked = gate();
    @Injectable()
    class Hasty {
      constructor(@Inject(WorkerGateway) workers: WorkerGateway) {
        asked.open();
        void workers.command('Doubler', 1);
      }
    }
    const doubler = { provide: 'DOUBLER', useFactory: () => asked.opened.then(() => new Doubler()) };
    await expect(compile({ channels: [Numbers], providers: [Hasty, doubler] })).rejects.toThrow(
      'Ask from a start hook (onModuleInit) on.',
    );
  });
});

describe('an observer', () => {
  it('may be a function', async () => {
    const names: string[] = [];
    const { gateway } = await boot({
      channels: [Numbers],
      providers: [Doubler],
      observer: ({ name }) => names.push(name),
    });
    await gateway.request(Doubler, 1);
    expect(names).toEqual(['workers.running', 'workers.accepted', 'workers.started', 'workers.completed']);
  });

  it('may be a provider with observe(), by its class', async () => {
    @Injectable()
    class Metrics {
      readonly seen: string[] = [];

      observe({ name }: WorkersEvent): void {
        this.seen.push(name);
      }
    }
    @Module({ providers: [Metrics], exports: [Metrics] })
    class MetricsModule {}
    const { moduleRef } = await boot({ imports: [MetricsModule], observer: Metrics });
    expect(moduleRef.get(Metrics, { strict: false }).seen).toEqual(['workers.running']);
  });

  it.each(['METRICS', Symbol('metrics')])('may be a provided function, by its token %s', async (token) => {
    const names: string[] = [];
    const observe = ({ name }: WorkersEvent): unknown => names.push(name);
    await boot({ providers: [{ provide: token, useValue: observe }], observer: token });
    expect(names).toEqual(['workers.running']);
  });

  it.each([
    ['a token', 'NOBODY', 'nobody provides NOBODY'],
    ['a class', class Stray {}, 'nobody provides Stray'],
  ])('that nobody provides is refused when the application starts: %s', async (_what, observer, problem) => {
    const moduleRef = await compile({ observer: observer as never });
    await expect(moduleRef.init()).rejects.toThrow(`options.observer: ${problem}. Provide it in a module`);
  });

  it.each([
    ['transient', Scope.TRANSIENT],
    ['request-scoped', Scope.REQUEST],
  ])('that would be another one each time is refused: %s', async (_what, scope) => {
    @Injectable({ scope })
    class Passing {
      observe(): void {}
    }
    const moduleRef = await compile({ providers: [Passing], observer: Passing });
    await expect(moduleRef.init()).rejects.toThrow('options.observer: Passing is request-scoped or transient');
  });

  it('that has no way to observe is refused as well', async () => {
    const moduleRef = await compile({ providers: [{ provide: 'DEAF', useValue: {} }], observer: 'DEAF' });
    await expect(moduleRef.init()).rejects.toThrow('options.observer: DEAF is neither a function nor has it a method');
  });

  describe('hears from the first moment on what start hooks of other modules send', () => {
    const Few = channel<number>('few', { buffer: 4 });

    /** Fills a channel before the workers run. */
    @Injectable()
    class Early implements OnModuleInit {
      constructor(@InjectChannel(Few) private readonly few: Subject<number>) {}

      onModuleInit(): void {
        for (const n of [1, 2, 3, 4, 5, 6]) this.few.next(n);
      }
    }
    const all = ['accepted', 'accepted', 'accepted', 'saturation', 'accepted', 'drop', 'drop', 'running'].map(
      (name) => `workers.${name}`,
    );
    const sorted = (names: readonly string[]) => names.toSorted();

    it('as a function', async () => {
      const names: string[] = [];
      await boot({ channels: [Few], providers: [Early], observer: ({ name }) => names.push(name) });
      expect(sorted(names)).toEqual(sorted(all));
    });

    it('as a provider, which is told when it is there, in order', async () => {
      const names: string[] = [];
      const observe = ({ name }: WorkersEvent): unknown => names.push(name);
      const providers = [Early, { provide: 'METRICS', useFactory: async () => Promise.resolve(observe) }];
      await boot({ channels: [Few], providers, observer: 'METRICS' });
      expect(sorted(names)).toEqual(sorted(all));
      expect(names.at(-1)).toBe('workers.running');
    });

    it('and so does the log', async () => {
      const warned = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
      onTestFinished(() => warned.mockRestore());
      await boot({ channels: [Few], providers: [Early] });
      expect(warned.mock.calls.flat()).toContainEqual(expect.stringContaining('first message dropped'));
    });
  });

  it('sees of payloads what redact makes of them', async () => {
    const payloads: unknown[] = [];
    const { gateway } = await boot({
      channels: [Numbers],
      providers: [Doubler],
      observer: (event) => 'payload' in event && payloads.push([event.name, event.payload]),
      redact: (payload, { messageId }) => `${typeof payload} of ${messageId.length > 3 ? 'a message' : 'nothing'}`,
    });
    await gateway.request(Doubler, 1);
    expect(payloads).toEqual([
      ['workers.accepted', 'number of a message'],
      ['workers.started', 'number of a message'],
      ['workers.completed', 'number of a message'],
    ]);
  });

  it('may subscribe to WorkersEvents instead', async () => {
    @Global()
    @Injectable()
    class Watcher {
      readonly seen: string[] = [];

      constructor(@Inject(WorkersEvents) events: WorkersEvents) {
        events.events$.subscribe(({ name }) => this.seen.push(name));
      }
    }
    const { moduleRef } = await boot({ providers: [Watcher] });
    expect(moduleRef.get(Watcher).seen).toEqual(['workers.running']);
  });
});

describe('overrides', () => {
  it('come from the options, and say more than the decorator', async () => {
    const Loud = channel<number>('loud', { buffer: 1 });
    @Worker({ in: Numbers, concurrency: 1 })
    class Quiet {
      handle(n: number): number {
        return n;
      }
    }
    const { gateway, workers } = await boot({
      channels: [Numbers, Loud],
      providers: [Quiet],
      workers: { Quiet: { expose: true, out: Loud, concurrency: 5 } },
    });
    expect(await gateway.request(Quiet, 3)).toBe(3);
    expect([workers.sent(Loud), gateway.stats().workers['Quiet']?.concurrency]).toEqual([[3], 5]);
  });
});

describe('the testing of an application without workers', () => {
  it('finds nothing and drains at once', async () => {
    const { workers } = await boot({});
    expect(await workers.drain()).toMatchObject({ done: 0 });
  });

  it('can be asked for by any Nest application', async () => {
    const moduleRef = await compile({ channels: [Numbers], providers: [Doubler] });
    const app = moduleRef.createNestApplication({ logger: false });
    const workers = workersTesting(app);
    onTestFinished(() => app.close());
    await app.init();
    expect(await workers.perform(Doubler, 2)).toBe(4);
  });
});

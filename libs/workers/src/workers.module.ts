import { type DynamicModule, Inject, Module, type Provider } from '@nestjs/common';
import { ExternalContextCreator, ModuleRef, ModulesContainer } from '@nestjs/core';
import type { ChannelDeclaration } from './channel/channel.declaration.js';
import { getChannelToken } from './channel/channel.decorator.js';
import { WorkerGateway } from './gateway/worker.gateway.js';
import { WorkersControl } from './gateway/workers.control.js';
import { premisesAround } from './isolate/inside/home.js';
import { isIsolate } from './isolate/role.js';
import { WorkersEvents } from './observe/workers.events.js';
import { ConfigurationError } from './option.table.js';
import type { CronRegistry } from './ticker/cron.schedule.js';
import { DeclaredChannels, WorkerDiscovery } from './worker/worker.discovery.js';
import { withoutGlobals } from './worker/nest.handler.js';
import { WorkersApplication } from './workers.application.js';
import { assemble } from './workers.assembly.js';
import type { NestKit } from './workers.builder.js';
import { WorkersHooks, WorkersLifecycleModule } from './workers.hooks.js';
import { Listeners } from './workers.listeners.js';
import {
  ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  OPTIONS_TYPE,
  WORKERS_MODULE_OPTIONS,
} from './workers.module-definition.js';
import type { WorkersModuleOptions } from './workers.options.js';

const DECLARED = Symbol('nestjs-workers:declared-channels');

/**
 * The hall: declares channels and options to Nest and wires the rooms; it decides nothing.
 *
 * `forRoot` (or `forRootAsync`) once per application, `forFeature` as often as features bring channels of their own. Workers and
 * tickers are ordinary providers of ordinary modules and are found there.
 */
@Module({})
export class WorkersModule extends ConfigurableModuleClass {
  /** @throws ConfigurationError when it is imported as it is, and nobody calls `forRoot` */
  constructor(@Inject(ModulesContainer) modules: ModulesContainer) {
    super();
    const isThere = [...modules.values()].some(({ providers }) => providers.has(WorkersApplication));
    // Around a handler that is kept in this process the application is another one.
    if (!isThere && !isIsolate() && premisesAround(modules) === undefined)
      throw new ConfigurationError([`WorkersModule is imported, and ${NO_ROOT}`]);
  }

  /**
   * Registers the application's workers.
   *
   * @param options see `WorkersModuleOptions`; `channels` declares the channels, `isGlobal` (default true) makes them injectable
   * everywhere. Checked when the application starts; everything that is wrong is thrown as one `ConfigurationError`.
   */
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    return isIsolate() ? AT_REST : furnished(super.forRoot(options), options);
  }

  /** The same with options from a factory. `channels` and `isGlobal` stand beside the factory: they are injection tokens. */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return isIsolate() ? AT_REST : furnished(super.forRootAsync(options), options);
  }

  /** Declares the channels of a feature module and makes them injectable there. */
  static forFeature({ channels }: { readonly channels: readonly ChannelDeclaration[] }): DynamicModule {
    if (isIsolate()) return AT_REST;
    const providers = [...declared(channels), ...injectable(channels)];
    return { module: WorkersFeatureModule, providers, exports: injectable(channels).map(tokenOf) };
  }
}

const NO_ROOT =
  'no WorkersModule.forRoot() is there for it. Import WorkersModule.forRoot({ channels: [...] }) in the root module; with isGlobal: false, where it is needed too.';

/** What all of them return inside an isolate: its own gateway and channels are there for every module, and nothing is started. */
@Module({})
class WorkersAtRestModule {}

const AT_REST: DynamicModule = { module: WorkersAtRestModule };

/** Holds what `forFeature` declares; it needs a global `forRoot` for the application behind the channels. */
@Module({})
class WorkersFeatureModule {}

function furnished(
  definition: DynamicModule,
  { channels = [], isGlobal = true }: { channels?: readonly ChannelDeclaration[]; isGlobal?: boolean },
): DynamicModule {
  const shared: Provider[] = [
    ...(definition.providers ?? []),
    ...declared(channels),
    ...injectable(channels),
    {
      provide: WorkersApplication,
      useFactory: application(channels),
      inject: [WORKERS_MODULE_OPTIONS, ModulesContainer, ModuleRef, ExternalContextCreator],
    },
    {
      provide: WorkerGateway,
      useFactory: (app: WorkersApplication) => new WorkerGateway(app),
      inject: [WorkersApplication],
    },
    {
      provide: WorkersControl,
      useFactory: (app: WorkersApplication) => new WorkersControl(app),
      inject: [WorkersApplication],
    },
    {
      provide: WorkersEvents,
      useFactory: (app: WorkersApplication) => new WorkersEvents(app.announcer),
      inject: [WorkersApplication],
    },
  ];
  const exported = [
    WorkersApplication,
    WorkerGateway,
    WorkersControl,
    WorkersEvents,
    WORKERS_MODULE_OPTIONS,
    ...injectable(channels).map(tokenOf),
  ];
  const rooms: DynamicModule = { ...definition, global: isGlobal, providers: shared, exports: exported };
  return {
    module: WorkersRootModule,
    global: isGlobal,
    imports: [rooms, { module: WorkersLifecycleModule, imports: [rooms], providers: [WorkersHooks] }],
    exports: [rooms],
  };
}

/** What `forRoot` returns: the module with the providers, and beside it the one with the hooks. */
@Module({})
class WorkersRootModule {}

function application(channels: readonly ChannelDeclaration[]) {
  return (
    options: WorkersModuleOptions,
    modules: ModulesContainer,
    moduleRef: ModuleRef,
    externalContext: ExternalContextCreator,
  ) => {
    const around = premisesAround(modules);
    if (around !== undefined) return around as WorkersApplication;
    const discovery = new WorkerDiscovery(modules);
    if (discovery.countModules(WorkersModule, WORKERS_MODULE_OPTIONS) > 1) {
      throw new ConfigurationError([
        'WorkersModule.forRoot() was called more than once in this application. Call it once, in the root module; declare further channels with WorkersModule.forFeature({ channels }).',
      ]);
    }
    const kit: NestKit = {
      moduleRef,
      externalContext: withoutGlobals(externalContext),
      cronRegistry: () => discovery.instanceNamed<CronRegistry>('SchedulerRegistry'),
    };
    return new WorkersApplication(
      options,
      channels,
      (app, problems) => assemble(app, discovery, kit, problems),
      (app) => new Listeners(app, modules),
    );
  };
}

function declared(channels: readonly ChannelDeclaration[]): Provider[] {
  return [{ provide: DECLARED, useValue: new DeclaredChannels(channels) }];
}

function injectable(channels: readonly ChannelDeclaration[]): {
  provide: string;
  useFactory: (app: WorkersApplication | undefined, modules: ModulesContainer) => unknown;
  inject: unknown[];
}[] &
  Provider[] {
  return channels.map((channel) => ({
    provide: getChannelToken(channel),
    useFactory: (own: WorkersApplication | undefined, modules: ModulesContainer) => {
      const app = own ?? (premisesAround(modules) as WorkersApplication | undefined);
      if (app === undefined)
        throw new ConfigurationError([
          `channels.${channel.name}: WorkersModule.forFeature() declares it, and ${NO_ROOT}`,
        ]);
      return app.declared(channel);
    },
    inject: [{ token: WorkersApplication, optional: true }, ModulesContainer],
  }));
}

function tokenOf({ provide }: { provide: string }): string {
  return provide;
}

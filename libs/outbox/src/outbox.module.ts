import { ConfigurableModuleBuilder, type DynamicModule, Logger, Module, type Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { ConfigurationError, WorkersEvents } from '@nestjs-workers/core';
import { isIsolate, type Premises, premisesAround, WorkersApplication } from '@nestjs-workers/core/extension';
import { DeadLetters } from './dead/dead.letters.js';
import { PART } from './far/asked.js';
import { farLetters } from './far/far.letters.js';
import { FarPremises } from './far/far.premises.js';
import type { OutboxPremises } from './far/premises.js';
import { OutboxDesk } from './outbox.desk.js';
import { OutboxHouse } from './outbox.house.js';
import type { OutboxModuleOptions } from './outbox.options.js';
import { Outbox } from './outbox.service.js';

/** Whether `Outbox` and `DeadLetters` can be injected everywhere without importing the module again. @default true */
interface Extras {
  readonly isGlobal?: boolean;
}

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<OutboxModuleOptions>({ moduleName: 'Outbox' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createOutboxOptions')
    .setExtras<Extras>({ isGlobal: true }, (definition, { isGlobal = true }) => ({ ...definition, global: isGlobal }))
    .build();

/** The injection token of the module's options. */
export const OUTBOX_MODULE_OPTIONS = MODULE_OPTIONS_TOKEN;

/** For `forRootAsync({ useClass })`. */
export interface OutboxOptionsFactory {
  createOutboxOptions(): OutboxModuleOptions | Promise<OutboxModuleOptions>;
}

/**
 * Gives the application's durable channels a store. Imported once, beside `WorkersModule.forRoot()`.
 *
 * The relay starts after the workers and stops before them; when the application stops, what was claimed and not started goes back to the
 * store at once. A database pool that was lent stays open: close it in `onApplicationShutdown`, after this has left.
 */
@Module({})
export class OutboxModule extends ConfigurableModuleClass {
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    return isIsolate() ? lent(options.isGlobal) : furnished(super.forRoot(options));
  }

  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return isIsolate() ? lent(options.isGlobal) : furnished(super.forRootAsync(options));
  }

  /**
   * Gives a module `Outbox` and `DeadLetters` of the application that it is in: for the module that the `context` of a worker in a thread or
   * a process names, and needs no store there. Elsewhere they are everywhere anyway.
   */
  static forFeature(): DynamicModule {
    return lent(false);
  }
}

/** What it is where the store is another's: in an isolate the host's, in a handler's own context the application's around it. */
@Module({})
class OutboxLentModule {}

function lent(isGlobal = true): DynamicModule {
  return { module: OutboxLentModule, global: isGlobal, providers: LENT, exports: [Outbox, DeadLetters] };
}

/** What stands for the outbox in a module that has none. */
interface Lent {
  readonly premises: OutboxPremises;
  readonly letters: DeadLetters;
}

const LENT_ROOMS = Symbol('nestjs-workers:lent-outbox');

const LENT: Provider[] = [
  {
    provide: LENT_ROOMS,
    useFactory: async (
      modules: ModulesContainer,
      { announcer }: WorkersEvents,
      own: OutboxDesk | undefined,
    ): Promise<Lent> => {
      const around = premisesAround(modules);
      const part = around?.part(PART) ?? own;
      if (part === undefined) throw new ConfigurationError([MISSING]);
      if (part instanceof OutboxDesk) return { premises: part, letters: part.letters };
      const onFault = (error: unknown): void => new Logger(Outbox.name).error(error);
      const premises = await FarPremises.open({ part, follower: () => announcer.follower, onFault });
      if (premises === undefined) throw new ConfigurationError([MISSING]);
      return { premises, letters: farLetters(part) as unknown as DeadLetters };
    },
    inject: [ModulesContainer, WorkersEvents, { token: OutboxDesk, optional: true }],
  },
  { provide: Outbox, useFactory: ({ premises }: Lent) => new Outbox(premises), inject: [LENT_ROOMS] },
  { provide: DeadLetters, useFactory: ({ letters }: Lent) => letters, inject: [LENT_ROOMS] },
];

const MISSING =
  'OutboxModule: a module asks for the outbox of the application it is in, which has none. Import OutboxModule.forRoot({ store }) beside WorkersModule.forRoot(), in the application itself.';

const PROVIDERS: Provider[] = [
  {
    provide: OutboxDesk,
    useFactory: (
      options: OutboxModuleOptions,
      modules: ModulesContainer,
      application: WorkersApplication | undefined,
    ) => deskAround(premisesAround(modules)) ?? newDesk(options, application),
    inject: [OUTBOX_MODULE_OPTIONS, ModulesContainer, { token: WorkersApplication, optional: true }],
  },
  { provide: OutboxHouse, useFactory: ({ house }: OutboxDesk) => house, inject: [OutboxDesk] },
  { provide: Outbox, useFactory: (desk: OutboxDesk) => new Outbox(desk), inject: [OutboxDesk] },
  { provide: DeadLetters, useFactory: ({ letters }: OutboxDesk) => letters, inject: [OutboxDesk] },
];

/** The context of a handler that is kept in the application's process is a guest of its outbox, and opens none. */
function deskAround(around: Premises | undefined): OutboxDesk | undefined {
  const part = around?.part(PART);
  return part instanceof OutboxDesk ? part : undefined;
}

/** @throws ConfigurationError with everything that is wrong */
function newDesk(options: OutboxModuleOptions, application: WorkersApplication | undefined): OutboxDesk {
  if (application === undefined)
    throw new ConfigurationError([
      'OutboxModule.forRoot: found no WorkersModule.forRoot() for the channels that it keeps. Import it beside, in the root module.',
    ]);
  const house = new OutboxHouse(options, application);
  const desk = new OutboxDesk(house, new DeadLetters(house));
  application.lendPart(PART, desk);
  return desk;
}

function furnished(definition: DynamicModule): DynamicModule {
  return {
    ...definition,
    providers: [...(definition.providers ?? []), ...PROVIDERS],
    exports: [OUTBOX_MODULE_OPTIONS, OutboxDesk, OutboxHouse, Outbox, DeadLetters],
  };
}

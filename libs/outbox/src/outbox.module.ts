import { ConfigurableModuleBuilder, type DynamicModule, Logger, Module, type Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { ConfigurationError, WorkersEvents } from '@nestjs-workers/core';
import {
  type HostPart,
  isIsolate,
  type Premises,
  premisesAround,
  WorkersApplication,
} from '@nestjs-workers/core/extension';
import { DeadLetters } from './dead/dead.letters.js';
import { PART } from './far/asked.js';
import { FarPremises } from './far/far.premises.js';
import { type OutboxPremises, premisesBy } from './far/premises.js';
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
   * a process names, and needs no store there. Elsewhere they are everywhere anyway, unless `forRoot` has `isGlobal: false`.
   */
  static forFeature(): DynamicModule {
    const { providers = [], ...lending } = lent(false);
    return { ...lending, providers: [...providers, NEEDED] };
  }
}

/** What it is where the store is another's: in an isolate the host's, in a handler's own context the application's around it. */
@Module({})
class OutboxLentModule {}

/** A context may share a module with the application that imports `forRoot`, and need no outbox: what is not there is missed when it is used. */
function lent(isGlobal = true): DynamicModule {
  return { module: OutboxLentModule, global: isGlobal, providers: LENT, exports: [Outbox, DeadLetters] };
}

/** The outbox of the application that a module is in; undefined while, or where, it has none. */
class LentOutbox {
  constructor(private readonly found: () => OutboxPremises | undefined) {}

  /** @throws ConfigurationError */
  there(): OutboxPremises {
    const premises = this.found();
    if (premises === undefined) throw new ConfigurationError([MISSING]);
    return premises;
  }
}

/** Refuses to begin without. */
class NeededOutbox {
  constructor(private readonly lent: LentOutbox) {}

  onModuleInit(): void {
    this.lent.there();
  }
}

const LENT: Provider[] = [
  {
    provide: LentOutbox,
    useFactory: async (
      modules: ModulesContainer,
      events: WorkersEvents,
      application: WorkersApplication | undefined,
    ): Promise<LentOutbox> => {
      const lender = premisesAround(modules) ?? application;
      const part = lender?.part(PART);
      if (part !== undefined && !(part instanceof OutboxDesk)) return lentFrom(part, events);
      // In this very process; and the desk may come later than this.
      return new LentOutbox(() => deskOf(lender));
    },
    inject: [ModulesContainer, WorkersEvents, { token: WorkersApplication, optional: true }],
  },
  {
    provide: Outbox,
    useFactory: (lent: LentOutbox) => new Outbox(premisesBy(() => lent.there())),
    inject: [LentOutbox],
  },
  {
    provide: DeadLetters,
    useFactory: (lent: LentOutbox) => premisesBy(() => lent.there()).letters,
    inject: [LentOutbox],
  },
];

const NEEDED: Provider = {
  provide: NeededOutbox,
  useFactory: (lent: LentOutbox) => new NeededOutbox(lent),
  inject: [LentOutbox],
};

/** Inside an isolate the desk is the host's, and asked from afar. */
async function lentFrom(part: HostPart, { announcer }: WorkersEvents): Promise<LentOutbox> {
  const onFault = (error: unknown): void => new Logger(Outbox.name).error(error);
  const premises = await FarPremises.open({ part, follower: () => announcer.follower, onFault });
  return new LentOutbox(() => premises);
}

const MISSING =
  'OutboxModule: a module asks for the outbox of the application it is in, which has none. Import OutboxModule.forRoot({ store }) beside WorkersModule.forRoot(), in the application itself.';

const PROVIDERS: Provider[] = [
  {
    provide: OutboxDesk,
    useFactory: (
      options: OutboxModuleOptions,
      modules: ModulesContainer,
      application: WorkersApplication | undefined,
    ) =>
      // The context of a handler that is kept in the application's process is a guest of its outbox, and opens none.
      deskOf(premisesAround(modules)) ?? newDesk(options, application),
    inject: [OUTBOX_MODULE_OPTIONS, ModulesContainer, { token: WorkersApplication, optional: true }],
  },
  { provide: OutboxHouse, useFactory: ({ house }: OutboxDesk) => house, inject: [OutboxDesk] },
  { provide: Outbox, useFactory: (desk: OutboxDesk) => new Outbox(desk), inject: [OutboxDesk] },
  { provide: DeadLetters, useFactory: ({ letters }: OutboxDesk) => letters, inject: [OutboxDesk] },
];

/** The desk of an application in this process. */
function deskOf(application: Pick<Premises, 'part'> | undefined): OutboxDesk | undefined {
  const part = application?.part(PART);
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

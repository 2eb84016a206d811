import { ConfigurableModuleBuilder, type DynamicModule, Module, type Provider } from '@nestjs/common';
import { isIsolate, WorkersApplication } from '@nestjs-workers/core/extension';
import { DeadLetters } from './dead/dead.letters.js';
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
    return isIsolate() ? AT_REST : furnished(super.forRoot(options));
  }

  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return isIsolate() ? AT_REST : furnished(super.forRootAsync(options));
  }
}

/** What it is inside a thread or process: commands go to the host, which has the store. */
@Module({})
class OutboxAtRestModule {}

const AT_REST: DynamicModule = { module: OutboxAtRestModule };

const PROVIDERS: Provider[] = [
  {
    provide: OutboxHouse,
    useFactory: (options: OutboxModuleOptions, application: WorkersApplication) =>
      new OutboxHouse(options, application),
    inject: [OUTBOX_MODULE_OPTIONS, WorkersApplication],
  },
  { provide: Outbox, useFactory: (house: OutboxHouse) => new Outbox(house), inject: [OutboxHouse] },
  { provide: DeadLetters, useFactory: (house: OutboxHouse) => new DeadLetters(house), inject: [OutboxHouse] },
];

function furnished(definition: DynamicModule): DynamicModule {
  return {
    ...definition,
    providers: [...(definition.providers ?? []), ...PROVIDERS],
    exports: [OUTBOX_MODULE_OPTIONS, OutboxHouse, Outbox, DeadLetters],
  };
}

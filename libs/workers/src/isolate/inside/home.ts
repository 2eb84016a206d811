import { type DynamicModule, type LoggerService, Module, type Provider, type Type } from '@nestjs/common';
import { ExternalContextCreator, ModulesContainer, NestFactory } from '@nestjs/core';
import type { Channel } from '../../channel/channel.js';
import type { ChannelDeclaration } from '../../channel/channel.declaration.js';
import { getChannelToken } from '../../channel/channel.decorator.js';
import { isStandardSchema } from '../../channel/channel.options.js';
import { type PayloadCheck, payloadCheck } from '../../channel/payload.check.js';
import type { HandlerType } from '../../dispatch/elsewhere.js';
import { type Premises, WorkerGateway } from '../../gateway/worker.gateway.js';
import { WorkersControl } from '../../gateway/workers.control.js';
import type { Message } from '../../message/message.js';
import type { Announcer } from '../../observe/announcer.js';
import { WorkersEvents } from '../../observe/workers.events.js';
import { FarControl } from './far.control.js';
import type { Manners } from './link.js';
import { TickHandlerContext } from '../../ticker/tick.context.js';
import { TICKER_CALLING } from '../../ticker/ticker.calling.js';
import { TICKER_METADATA } from '../../ticker/ticker.js';
import type { ErrorClass } from '../../wire/error.registry.js';
import { handleChain, type InterceptorToken } from '../../worker/interceptor.js';
import { nestHandler, withoutGlobals } from '../../worker/nest.handler.js';
import { interceptors } from '../../worker/nest.interceptors.js';
import { WORKER_CALLING } from '../../worker/worker.calling.js';
import { type ContextHouse, HandlerContext } from '../../worker/worker.context.js';
import { WorkerDiscovery } from '../../worker/worker.discovery.js';
import { WORKER_METADATA } from '../../worker/worker.js';

/** What a home gives to the providers that live in it. */
export interface Household {
  readonly premises: Premises;
  readonly channels: Readonly<Record<string, unknown>>;
  readonly announcer: Announcer;
  /** Where its providers log; undefined for where the application logs. */
  readonly logger: LoggerService | undefined;
}

/** What the decorator of the class that moves in was given, as far as it matters here. */
export interface Decorated {
  readonly in?: ChannelDeclaration | string;
  readonly use?: readonly InterceptorToken[];
  readonly dispatch?: Partial<Inner>;
}

/** What a dispatch says for the inside of its isolates. */
export interface Inner extends Manners {
  readonly context: (() => Promise<Type | DynamicModule> | Type | DynamicModule) | undefined;
  readonly transferResult: ((result: unknown) => readonly ArrayBuffer[]) | undefined;
  readonly errors?: readonly ErrorClass[] | undefined;
}

/** @throws when `target` is not decorated as what it is said to be */
export function decorated(kind: 'worker' | 'ticker', target: HandlerType): Decorated {
  const record = Reflect.getOwnMetadata(METADATA[kind], target) as { options: Decorated } | undefined;
  if (record === undefined) throw new Error(`${target.name} is not decorated as a ${kind}`);
  return record.options;
}

const METADATA = { worker: WORKER_METADATA, ticker: TICKER_METADATA };
const CALLING = { worker: WORKER_CALLING, ticker: TICKER_CALLING };

/**
 * The Nest application context in which a handler lives: the module that its dispatch names, the class itself, and around them a gateway and
 * channels that lead to the application.
 *
 * Promises: providers are made once, start hooks have run when it is open and stop hooks when it is closed; no worker, ticker or channel of
 * the module is started in it.
 */
export interface Home {
  contextFor(message: Message, house: ContextHouse): HandlerContext;
  /** Calls the handler, with its own interceptors and enhancers around it. */
  readonly handle: (message: Message, context: HandlerContext) => unknown;
  /** Rebuilds a payload of a declared class and checks it again; undefined where there is none to rebuild. */
  readonly check: PayloadCheck | undefined;
  /** The buffers of a result that are handed over instead of copied. */
  readonly transfer: ((result: unknown) => readonly ArrayBuffer[]) | undefined;
  close(): Promise<void>;
}

/** @throws (rejects) whatever Nest throws when a provider is missing or a hook fails */
export async function openHome(kind: 'worker' | 'ticker', target: HandlerType, household: Household): Promise<Home> {
  const type = target as Type;
  const options = decorated(kind, target);
  const home = withHandler((await options.dispatch?.context?.()) ?? DispatchWithoutContext, type);
  const root: DynamicModule = { module: IsolateModule, imports: [gatewayModule(household), home] };
  const app = await NestFactory.createApplicationContext(root, {
    ...(household.logger === undefined ? {} : { logger: household.logger }),
    abortOnError: false,
  });
  const found = new WorkerDiscovery(app.get(ModulesContainer))
    .classes(METADATA[kind])
    .find((one) => one.target === type && one.moduleName === home.module.name);
  if (found === undefined) throw new Error(`${type.name} was not found in its own context`);
  const around = await interceptors(options.use ?? [], found);
  const handle = handleChain<HandlerContext>(
    around,
    nestHandler(found, CALLING[kind], withoutGlobals(app.get(ExternalContextCreator, LAX))),
  );
  return {
    contextFor: (message, house) =>
      kind === 'worker' ? new HandlerContext(house, message) : new TickHandlerContext(house, message),
    handle,
    check: await checkFor(options.in),
    transfer: options.dispatch?.transferResult,
    close: () => app.close(),
  };
}

/**
 * The module with the handler among its providers, so that it is injected with what the module has, exported or not. Where the module
 * lists the class itself (`provideWorkers`), this one stands in its place.
 */
function withHandler(named: Type | DynamicModule, handler: Type): DynamicModule {
  const home = 'module' in named ? named : { module: named };
  return { ...home, providers: [...(home.providers ?? []), handler] };
}

const LAX = { strict: false };

/** A schema's output is what crossed, and need not fit the schema again; a class is gone, and must be built again. */
async function checkFor(channel: ChannelDeclaration | string | undefined): Promise<PayloadCheck | undefined> {
  if (typeof channel !== 'object') return undefined;
  const { payload } = channel.options;
  return payload === undefined || isStandardSchema(payload) ? undefined : payloadCheck(channel.name, payload);
}

/** What `WorkersModule` is in the application: the gateway and the channels, for all modules. */
function gatewayModule({ premises, channels, announcer }: Household): DynamicModule {
  const providers: Provider[] = [
    { provide: PREMISES, useValue: premises },
    { provide: WorkerGateway, useValue: new WorkerGateway(premises) },
    { provide: WorkersControl, useValue: new WorkersControl(new FarControl(announcer)) },
    { provide: WorkersEvents, useValue: new WorkersEvents(announcer) },
    ...Object.entries(channels).map(([name, channel]) => ({
      provide: getChannelToken(name),
      useValue: channel as Channel,
    })),
  ];
  const tokens = providers.map((provider) => (provider as { provide: string }).provide);
  return { module: IsolateGatewayModule, global: true, providers, exports: tokens };
}

@Module({})
class IsolateModule {}

/** Of a handler that names no module. Nest tells its name where something cannot be injected, so that says what is missing. */
@Module({})
class DispatchWithoutContext {}

/**
 * The application around a home that is opened in this process, where the modules of its context may import `WorkersModule` as well:
 * there it stands for the application it is in, and starts nothing. Undefined in an application of its own.
 */
export function premisesAround(modules: ModulesContainer): Premises | undefined {
  const home = [...modules.values()].find(({ metatype }) => metatype === IsolateGatewayModule);
  return home?.providers.get(PREMISES)?.instance as Premises | undefined;
}

const PREMISES = Symbol('nestjs-workers:premises');

@Module({})
class IsolateGatewayModule {}

import { Logger, type Type } from '@nestjs/common';
import { type ExternalContextCreator, ModuleRef } from '@nestjs/core';
import type { Channel } from './channel/channel.js';
import { getChannelToken } from './channel/channel.decorator.js';
import type { Dispatcher, DispatchSite, Invoke, RunContext } from './dispatch/dispatcher.js';
import { InlineDispatcher } from './dispatch/inline.dispatcher.js';
import { WatchedDispatcher } from './dispatch/watched.dispatcher.js';
import { WorkerGateway } from './gateway/worker.gateway.js';
import { inside } from './lifecycle/inside.js';
import type { Crew } from './lifecycle/supervisor.js';
import type { Delivery } from './message/delivery.js';
import type { Message } from './message/message.js';
import type { DropReason } from './observe/events.js';
import type { CronRegistry } from './ticker/cron.schedule.js';
import { Completion } from './worker/completion.js';
import type { WorkerFailure } from './worker/failure.js';
import { handleChain, type InterceptorToken, type WorkerInterceptor } from './worker/interceptor.js';
import { type Calling, nestHandler } from './worker/nest.handler.js';
import type { ContextHouse, HandlerContext } from './worker/worker.context.js';
import type { FoundClass } from './worker/worker.discovery.js';
import type { Dispatch } from './worker/worker.options.js';
import { type Source, WorkerRunner } from './worker/worker.runner.js';
import type { WorkersApplication } from './workers.application.js';

/** What Nest lends to the assembly. */
export interface NestKit {
  readonly moduleRef: ModuleRef;
  readonly externalContext: ExternalContextCreator;
  /** The application's `SchedulerRegistry`; undefined without `ScheduleModule`. */
  readonly cronRegistry: () => CronRegistry | undefined;
}

/** One worker or ticker before it is built: what its options say, looked up. */
export interface Plan<C extends HandlerContext = HandlerContext> {
  readonly name: string;
  readonly found: FoundClass;
  readonly in: Channel | undefined;
  readonly out: Channel | undefined;
  readonly outputDrop: DropReason;
  readonly failures: Channel<WorkerFailure> | undefined;
  readonly concurrency: number;
  readonly timeoutMs: number | undefined;
  readonly dispatch: Dispatch;
  readonly use: readonly InterceptorToken[];
  readonly calling: Calling;
  readonly contextOf: (house: ContextHouse, message: Message) => C;
}

/** A runner with what the supervisor needs to know of it. */
export interface Built {
  readonly runner: WorkerRunner;
  readonly crew: Crew;
}

/**
 * Builds the runner of one plan: the completion that takes its outcomes, the dispatcher that runs its handler, and the handler with
 * everything around it. Nothing of the user's is resolved or called before `crew.start()`.
 */
export function build(
  app: WorkersApplication,
  kit: NestKit,
  plan: Plan,
  source: (runner: WorkerRunner) => Source,
): Built {
  const { clock } = app.options;
  const site: { -readonly [K in keyof DispatchSite]: DispatchSite[K] } = {
    name: plan.name,
    invoke: notStarted(plan.name),
  };
  const house = contextHouse(app, plan);
  const { dispatcher, isInline } = dispatcherFor(app, plan, site);
  const destinations = {
    worker: plan.name,
    in: plan.in?.name,
    out: plan.out,
    outputDrop: plan.outputDrop,
    failures: plan.failures,
  };
  const runner = new WorkerRunner({
    name: plan.name,
    channel: plan.in?.name,
    concurrency: plan.concurrency,
    timeoutMs: plan.timeoutMs,
    dispatcher,
    completion: new Completion(destinations, clock, app.announcer),
    contextFor: ({ message }: Delivery) => plan.contextOf(house, message),
    clock,
    turn: app.turn,
    announcer: app.announcer,
    onBusy: (isBusy) => isInline && app.guardBusy(isBusy),
    onAborted: (message) => app.supervisor.noteAborted(plan.name, message),
  });
  const crew = crewOf(runner, plan, async () => {
    site.invoke = await invokeFor(app, kit, plan);
    await runner.start(source(runner));
  });
  return { runner, crew };
}

function dispatcherFor(
  app: WorkersApplication,
  plan: Plan,
  site: DispatchSite,
): { dispatcher: Dispatcher; isInline: boolean } {
  const dispatch = app.options.dispatch ?? plan.dispatch;
  if (dispatch !== 'inline') return { dispatcher: dispatch.create(site), isInline: false };
  const { guarding } = app;
  const dispatcher =
    guarding.mode === 'fail' ? new WatchedDispatcher(site, guarding) : new InlineDispatcher(site, guarding);
  return { dispatcher, isInline: true };
}

/** Interceptors that are no providers, by the module they were made in; both sides of a worker share one. */
const made = new WeakMap<ModuleRef, Map<unknown, Promise<WorkerInterceptor>>>();

/**
 * The interceptors that `tokens` name: objects as they are, providers from the container, other classes made once, with the dependencies
 * that the worker's own module can reach.
 */
export async function interceptors(
  tokens: readonly InterceptorToken[],
  { moduleRef }: FoundClass,
): Promise<WorkerInterceptor[]> {
  return Promise.all(
    tokens.map(async (token) => {
      if (typeof token !== 'function') return token;
      const type = token as Type<WorkerInterceptor>;
      try {
        return moduleRef.get(type, { strict: false });
      } catch {
        const here = made.get(moduleRef) ?? new Map<unknown, Promise<WorkerInterceptor>>();
        made.set(moduleRef, here);
        if (!here.has(type)) here.set(type, moduleRef.create(type));
        return here.get(type) as Promise<WorkerInterceptor>;
      }
    }),
  );
}

async function invokeFor(app: WorkersApplication, kit: NestKit, plan: Plan): Promise<Invoke> {
  const around = await interceptors([...app.options.use, ...plan.use], plan.found);
  const handle = handleChain(around, nestHandler(plan.found, plan.calling, kit.externalContext)) as unknown as Handle;
  const invoke =
    around.length > 0 || canSend(app, plan.found) ? alwaysInside(app, plan.name, handle) : insideIfAsked(handle);
  return (message, context, within) =>
    message.scope === undefined
      ? invoke(message, context, within)
      : message.scope(() => invoke(message, context, within));
}

type Handle = (message: Message, context: RunContext) => unknown;

function insideIfAsked(handle: Handle): Invoke {
  return (message, context, within) =>
    within === undefined ? handle(message, context) : inside.run(within, handle, message, context);
}

/** Runs `handle` where `inside` tells whose it is, so that what it sends passes while the application drains. */
function alwaysInside(app: WorkersApplication, worker: string, handle: Handle): Invoke {
  const { supervisor: house } = app;
  return (message, context, within) =>
    inside.run(within ?? { house, runId: context.runId, worker, messageId: message.id }, handle, message, context);
}

function canSend(app: WorkersApplication, found: FoundClass): boolean {
  const channels = Object.keys(app.channels.all()).map(getChannelToken);
  return found.canInject(new Set<unknown>([WorkerGateway, ModuleRef, ...channels]));
}

function contextHouse(app: WorkersApplication, plan: Plan): ContextHouse {
  return {
    info: Object.freeze({
      name: plan.name,
      in: plan.in?.name,
      out: plan.out?.name,
      concurrency: plan.concurrency,
      timeoutMs: plan.timeoutMs,
    }),
    channels: Object.freeze(app.channels.all()),
    logger: new Logger(plan.name),
    announcer: app.announcer,
    stats: () => app.stats(),
  };
}

function crewOf(runner: WorkerRunner, plan: Plan, start: () => Promise<void>): Crew {
  return {
    name: plan.name,
    get isQuiet() {
      return runner.isQuiet;
    },
    get isDrained() {
      return runner.isDrained;
    },
    get onQuiet() {
      return runner.onQuiet;
    },
    set onQuiet(call: (() => void) | undefined) {
      runner.onQuiet = call;
    },
    start,
    stopTaking: () => runner.stopTaking(),
    askToStop: (reason) => runner.askToStop(reason),
    abort: (reason) => runner.abort(reason),
    takeRest: () => runner.takeRest(),
    stop: () => runner.stop(),
  };
}

function notStarted(name: string): Invoke {
  return () => {
    throw new Error(`Worker "${name}" was called before it was started`);
  };
}

/** Refuses a class without the method its decorator promises. */
export function requireMethod({ target }: FoundClass, method: string, signature: string, problems: string[]): void {
  const { prototype } = target as { prototype: Record<string, unknown> };
  if (typeof prototype[method] === 'function') return;
  problems.push(`${target.name}: expected a method ${signature}, found none. Add it, or remove the decorator.`);
}

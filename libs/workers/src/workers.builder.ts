import { Logger } from '@nestjs/common';
import type { ExternalContextCreator, ModuleRef } from '@nestjs/core';
import type { Channel } from './channel/channel.js';
import type { Dispatcher, DispatchSite, Invoke } from './dispatch/dispatcher.js';
import { InlineDispatcher } from './dispatch/inline.dispatcher.js';
import { WatchedDispatcher } from './dispatch/watched.dispatcher.js';
import type { Crew } from './lifecycle/supervisor.js';
import type { Delivery } from './message/delivery.js';
import type { Source } from './message/source.js';
import type { DropReason } from './observe/events.js';
import type { Follower } from './observe/follower.js';
import type { Controllable } from './gateway/workers.control.js';
import type { CronRegistry } from './ticker/cron.schedule.js';
import { Completion } from './worker/completion.js';
import type { WorkerFailure } from './worker/failure.js';
import type { InterceptorToken } from './worker/interceptor.js';
import type { Calling } from './worker/nest.handler.js';
import type { ContextHouse, HandlerContext } from './worker/worker.context.js';
import type { FoundClass } from './worker/worker.discovery.js';
import type { Dispatch } from './worker/worker.options.js';
import { WorkerRunner } from './worker/worker.runner.js';
import type { Distributions, WorkersApplication } from './workers.application.js';
import { type OpenHandler, openHandler } from './workers.handler.js';
import { isRunHere } from './workers.roles.js';
import { aroundFor, elsewhere, type MutableElsewhere } from './workers.isolates.js';

/** What Nest lends to the assembly. */
export interface NestKit {
  readonly moduleRef: ModuleRef;
  readonly externalContext: ExternalContextCreator;
  /** The application's `SchedulerRegistry`; undefined without `ScheduleModule`. */
  readonly cronRegistry: () => CronRegistry | undefined;
}

/** One worker or ticker before it is built: what its options say, looked up. */
export interface Plan<C extends HandlerContext = HandlerContext> {
  readonly kind: 'worker' | 'ticker';
  readonly name: string;
  readonly found: FoundClass;
  readonly in: Channel | undefined;
  readonly out: Channel | undefined;
  /** Whether its channel writes to `out` what the handler returns, together with the settling. @default false */
  readonly isRouted?: boolean;
  readonly outputDrop: DropReason;
  readonly failures: Channel<WorkerFailure> | undefined;
  readonly concurrency: number;
  readonly timeoutMs: number | undefined;
  readonly dispatch: Dispatch;
  readonly use: readonly InterceptorToken[];
  readonly calling: Calling;
  readonly contextIn: (house: ContextHouse) => (delivery: Delivery) => C;
  /** Has loaded what stands before its channel; rejects when that cannot be. */
  readonly ready?: () => Promise<void>;
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
  const site: Site = {
    name: plan.name,
    invoke: notStarted(plan.name),
  };
  const house = contextHouse(app, plan);
  const { dispatcher, isInline } = dispatcherFor(app, plan, site, house);
  const destinations = {
    worker: plan.name,
    in: plan.in?.name,
    out: plan.isRouted === true ? undefined : plan.out,
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
    contextFor: plan.contextIn(house),
    clock,
    turn: app.turn,
    announcer: app.announcer,
    onBusy: (isBusy) => isInline && app.guardBusy(isBusy),
    onAborted: (message) => app.supervisor.noteAborted(plan.name, message),
  });
  let handler: OpenHandler | undefined;
  const crew = crewOf(runner, plan, {
    start: async () => {
      await plan.ready?.();
      if (site.elsewhere !== undefined) site.elsewhere.around = await aroundFor(app, plan);
      else {
        handler = await openHandler(app, kit, plan);
        site.invoke = followed(app, plan, handler.invoke);
      }
      await runner.start(source(runner));
    },
    stop: async (limitMs) => {
      await runner.stop(limitMs);
      await handler?.close();
    },
  });
  return { runner, crew };
}

function dispatcherFor(
  app: WorkersApplication,
  plan: Plan,
  site: Site,
  house: ContextHouse,
): { dispatcher: Dispatcher; isInline: boolean } {
  const { dispatch } = plan;
  if (dispatch === 'inline') {
    const { guarding } = app;
    const dispatcher =
      guarding.mode === 'fail' ? new WatchedDispatcher(site, guarding) : new InlineDispatcher(site, guarding);
    return { dispatcher, isInline: true };
  }
  if (dispatch.isElsewhere === true) site.elsewhere = elsewhere(app, plan, house);
  return { dispatcher: dispatch.create(site), isInline: false };
}

/** A dispatch site on its way: what is resolved from the container is known when the worker starts. */
interface Site extends DispatchSite {
  invoke: Invoke;
  elsewhere?: MutableElsewhere;
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
    clock: app.options.clock,
    stats: () => app.stats(),
  };
}

/** What the application keeps of every runner, whatever feeds it. */
export function assembledRunner(app: WorkersApplication, plan: Plan, { runner, crew }: Built) {
  const { name, found, dispatch, out, failures, kind } = plan;
  const isHere = isRunHere({ name, target: found.target }, app.options.run);
  const control: Controllable = {
    name,
    isHere,
    get concurrency() {
      return runner.concurrency;
    },
    mostPermits: dispatch === 'inline' ? undefined : dispatch.permits,
    fixed:
      kind === 'worker'
        ? undefined
        : 'the concurrency of a ticker belongs to its overlap and is not changed while it runs.',
    pause: () => runner.pause(),
    resume: () => runner.resume(),
    setConcurrency: (concurrency) => runner.setConcurrency(concurrency),
  };
  const kindOfDispatch = dispatch === 'inline' ? dispatch : dispatch.kind;
  const distributions = (): Distributions => runner.books.distributions();
  return {
    crew,
    isHere,
    out,
    failures: failures as Channel | undefined,
    dispatch: kindOfDispatch,
    control,
    distributions,
  };
}

/** The handler with whoever follows its messages around it. */
function followed({ announcer }: WorkersApplication, { name, in: channel }: Plan, invoke: Invoke): Invoke {
  const trail = { worker: name, channel: channel?.name };
  const follow = (follower: Follower, ...[message, context, within]: Parameters<Invoke>): unknown =>
    follower.handle(trail, message, () => invoke(message, context, within));
  return (message, context, within) => {
    const { follower } = announcer;
    return follower === undefined || !follower.knows(message)
      ? invoke(message, context, within)
      : follow(follower, message, context, within);
  };
}

function crewOf(runner: WorkerRunner, plan: Plan, ends: Pick<Crew, 'start' | 'stop'>): Crew {
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
    ...ends,
    stopTaking: () => runner.stopTaking(),
    askToStop: (reason) => runner.askToStop(reason),
    abort: (reason) => runner.abort(reason),
    takeRest: () => runner.takeRest(),
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
  problems.push(
    `${target.name}: expected a method ${signature}, found none. Add it (a property that holds a function is none), or remove the decorator.`,
  );
}

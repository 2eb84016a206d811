import type { Channel } from './channel/channel.js';
import { payloadCheck } from './channel/payload.check.js';
import type { Outfit } from './gateway/anteroom.js';
import { Entrance } from './gateway/entrance.js';
import type { WorkerClass } from './gateway/worker.gateway.js';
import type { WorkerStats } from './observe/stats.js';
import { ConfigurationError } from './option.table.js';
import { TICKER_METADATA } from './ticker/ticker.js';
import type { WorkerFailure } from './worker/failure.js';
import type { InterceptorToken } from './worker/interceptor.js';
import { interceptors } from './worker/nest.interceptors.js';
import { WORKER_CALLING } from './worker/worker.calling.js';
import { HandlerContext } from './worker/worker.context.js';
import type { FoundClass, WorkerDiscovery } from './worker/worker.discovery.js';
import { WORKER_METADATA, type WorkerRecord } from './worker/worker.js';
import { type ResolvedWorkerOptions, resolveWorkerOptions } from './worker/worker.options.js';
import type { Assembled, AssembledWorker, WorkersApplication } from './workers.application.js';
import { assembledRunner, build, type NestKit, type Plan, requireMethod } from './workers.builder.js';
import { suggestion } from './workers.error.js';
import { checkElsewhere } from './workers.isolates.js';
import { checkRoles } from './workers.roles.js';
import { assembleTickers } from './workers.tickers.js';

const TOO_EARLY =
  'The workers were asked for something while Nest still makes providers, in a constructor perhaps, and not all of them are known. Ask from a start hook (onModuleInit) on.';

/**
 * Turns the decorated classes of an application into runners. Every class is looked at before anything is refused, so that one start
 * shows everything that is wrong.
 */
export function assemble(
  app: WorkersApplication,
  discovery: WorkerDiscovery,
  kit: NestKit,
  problems: string[],
): Assembled {
  if (!discovery.isComplete) throw new ConfigurationError([TOO_EARLY]);
  app.channels.declare(discovery.declaredChannels(), problems);
  const found = discovery.classes(WORKER_METADATA);
  const tickers = discovery.classes(TICKER_METADATA);
  const workers = onlyOnce(found, problems).flatMap((one) => assembleWorker(app, kit, one, problems));
  const assembled: Assembled = { workers, tickers: assembleTickers(app, kit, onlyOnce(tickers, problems), problems) };
  refuseTwins(assembled, problems);
  refuseStrayOverrides(
    'workers',
    app.options.workers,
    workers.map(({ crew }) => crew.name),
    problems,
  );
  refuseStrayOverrides(
    'tickers',
    app.options.tickers,
    assembled.tickers.map(({ crew }) => crew.name),
    problems,
  );
  checkRoles(app.options.run, assembled, problems);
  return assembled;
}

function assembleWorker(
  app: WorkersApplication,
  kit: NestKit,
  found: FoundClass,
  problems: string[],
): AssembledWorker[] {
  const { options: decorated } = found.record as WorkerRecord;
  const given = (decorated as { name?: string }).name ?? found.target.name;
  const options = resolveWorkerOptions(found.target.name, decorated, app.options.workers[given], problems);
  const before = problems.length;
  requireMethod(found, 'handle', 'handle(payload, context)', problems);
  const plan = planFor(app, found, options, problems);
  if (plan !== undefined) checkElsewhere(app, plan, problems);
  if (plan === undefined || problems.length > before) return [];
  const entrance = entranceFor(app, plan, options);
  const { runner, crew } = build(app, kit, { ...plan, ready: () => entrance.ready() }, (runner) =>
    plan.in.sourceFor(runner, plan.isRouted ? plan.out : undefined),
  );
  const target = found.target as WorkerClass;
  const common = assembledRunner(app, plan, { runner, crew });
  const stats = (): WorkerStats => (common.isHere ? runner.stats() : { ...runner.stats(), state: 'elsewhere' });
  return [{ ...common, in: plan.in, target, entrance, isExposed: options.expose, stats }];
}

function planFor(
  app: WorkersApplication,
  found: FoundClass,
  options: ResolvedWorkerOptions,
  problems: string[],
): (Plan & { readonly in: Channel }) | undefined {
  const where = `workers.${options.name}`;
  const { remedy } = found.record as WorkerRecord;
  const channel = app.channels.lookUp(`${where}.in`, options.in, problems, remedy);
  const out = app.channels.lookUp(`${where}.out`, options.out, problems, remedy);
  const failures = app.channels.lookUp<WorkerFailure>(`${where}.failures`, options.failures, problems);
  if (channel === undefined) return undefined;
  bind(channel, options, problems);
  const dispatch = app.options.dispatch ?? options.dispatch;
  return {
    kind: 'worker',
    name: options.name,
    found,
    in: channel,
    out,
    isRouted: out !== undefined && channel.routesTo(out),
    outputDrop: 'output-drop',
    failures,
    concurrency: options.concurrency ?? (dispatch === 'inline' ? 1 : (dispatch.permits ?? 1)),
    timeoutMs: Number.isFinite(options.timeout) ? options.timeout : undefined,
    dispatch,
    use: options.use,
    calling: WORKER_CALLING,
    contextIn: (house) => (delivery) => new HandlerContext(house, delivery),
  };
}

/** Notes who takes from `channel`, and refuses a key that could not keep its order. */
function bind(channel: Channel, { name, key }: ResolvedWorkerOptions, problems: string[]): void {
  const takers = channel.bindWorker(name, key);
  if (takers.length > 1 && takers.some(({ isKeyed }) => isKeyed)) {
    problems.push(
      `workers.${name}.key: order per key holds for one worker on a channel, and ${takers.map((taker) => `"${taker.name}"`).join(', ')} ` +
        `take from "${channel.name}". Give the keyed worker a channel of its own, or raise its concurrency instead.`,
    );
  }
}

function entranceFor(
  app: WorkersApplication,
  plan: Plan & { readonly in: Channel },
  options: ResolvedWorkerOptions,
): Entrance {
  const { clock, requestTimeout, propagateContext, use } = app.options;
  const { payload } = plan.in.options;
  const tokens = [...use, ...plan.use].filter(looksAtPuts);
  const outfit = async (): Promise<Outfit> => ({
    check: payload === undefined ? undefined : await payloadCheck(plan.in.name, payload),
    interceptors: await interceptors(tokens, plan.found),
  });
  return new Entrance({
    worker: plan.name,
    channel: plan.in,
    outfit: payload === undefined && tokens.length === 0 ? undefined : outfit,
    propagatesContext: options.propagateContext ?? propagateContext,
    requestTimeoutMs: requestTimeout,
    gate: app.supervisor,
    announcer: app.announcer,
    clock,
    deadlines: app.deadlines,
    turn: app.turn,
    reporter: () => (error) => app.announcer.fault(`progress of worker "${plan.name}"`, error),
  });
}

/** A class that only looks at handling is made where the handler is. */
function looksAtPuts(token: InterceptorToken): boolean {
  return typeof token === 'function' ? 'put' in (token.prototype as object) : token.put !== undefined;
}

/** A class provided by two modules would be two instances that compete: refused, with both modules named. */
function onlyOnce(found: readonly FoundClass[], problems: string[]): FoundClass[] {
  const first = new Map<unknown, FoundClass>();
  for (const one of found) {
    const other = first.get(one.target);
    if (other === undefined) first.set(one.target, one);
    else {
      problems.push(
        `${one.target.name}: provided twice, by ${other.moduleName} and ${one.moduleName}, which makes two instances. Provide it in one module and export it from there.`,
      );
    }
  }
  return [...first.values()];
}

function refuseTwins({ workers, tickers }: Assembled, problems: string[]): void {
  const seen = new Set<string>();
  for (const { crew } of [...workers, ...tickers]) {
    if (seen.has(crew.name))
      problems.push(
        `"${crew.name}": two workers or tickers have this name. Give one of them another: @Worker({ name: '...' }).`,
      );
    seen.add(crew.name);
  }
}

function refuseStrayOverrides(kind: string, overrides: object, known: readonly string[], problems: string[]): void {
  for (const name of Object.keys(overrides)) {
    if (!known.includes(name))
      problems.push(`options.${kind}.${name}: no such ${kind.slice(0, -1)}.${suggestion(name, known)}`);
  }
}

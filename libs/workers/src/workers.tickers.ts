import type { TickerClass } from './gateway/workers.control.js';
import type { TickerStats } from './observe/stats.js';
import type { Arbiter } from './ticker/arbiter.js';
import { scheduleFor } from './ticker/schedule.choice.js';
import { TickHandlerContext } from './ticker/tick.context.js';
import { TickSource } from './ticker/tick.source.js';
import { TICKER_CALLING } from './ticker/ticker.calling.js';
import type { TickerRecord } from './ticker/ticker.js';
import { type ResolvedTickerOptions, resolveTickerOptions } from './ticker/ticker.options.js';
import type { WorkerFailure } from './worker/failure.js';
import type { FoundClass } from './worker/worker.discovery.js';
import type { AssembledTicker, WorkersApplication } from './workers.application.js';
import { assembledRunner, build, type NestKit, type Plan, requireMethod } from './workers.builder.js';
import { checkElsewhere } from './workers.isolates.js';

/** Turns the decorated ticker classes of an application into runners with time as their source. */
export function assembleTickers(
  app: WorkersApplication,
  kit: NestKit,
  found: readonly FoundClass[],
  problems: string[],
): AssembledTicker[] {
  return found.flatMap((one) => assembleTicker(app, kit, one, problems));
}

function assembleTicker(
  app: WorkersApplication,
  kit: NestKit,
  found: FoundClass,
  problems: string[],
): AssembledTicker[] {
  const decorated = (found.record as TickerRecord).options;
  const given = (decorated as { name?: string }).name ?? found.target.name;
  const options = resolveTickerOptions(found.target.name, decorated, app.options.tickers[given], problems);
  requireMethod(found, 'tick', 'tick(context)', problems);
  const schedule = scheduleFor(options, app.options.clock, kit.cronRegistry(), problems);
  const plan = planFor(app, found, options, problems);
  checkElsewhere(app, plan, problems);
  if (schedule === undefined) return [];
  const { runner, crew } = build(app, kit, plan, () => source);
  const source: TickSource = new TickSource({
    options,
    schedule,
    runner,
    clock: app.options.clock,
    announcer: app.announcer,
    arbiter: options.singleton ? arbiterOf(app, options.name, problems) : undefined,
  });
  const common = assembledRunner(app, plan, { runner, crew });
  const stats = (): TickerStats =>
    common.isHere || !options.enabled ? source.stats() : { ...source.stats(), state: 'elsewhere' };
  return [{ ...common, target: found.target as TickerClass, intake: source, isEnabled: options.enabled, stats }];
}

function arbiterOf(app: WorkersApplication, ticker: string, problems: string[]): Arbiter | undefined {
  const { arbiter } = app;
  if (arbiter === undefined)
    problems.push(
      `tickers.${ticker}.singleton: needs an arbiter that all hosts share. Import OutboxModule.forRoot({ store }), or give one as the module option arbiter.`,
    );
  return arbiter;
}

function planFor(app: WorkersApplication, found: FoundClass, options: ResolvedTickerOptions, problems: string[]): Plan {
  const where = `tickers.${options.name}`;
  return {
    kind: 'ticker',
    name: options.name,
    found,
    in: undefined,
    out: app.channels.lookUp(`${where}.out`, options.out, problems),
    outputDrop: 'ticker-output-drop',
    failures: app.channels.lookUp<WorkerFailure>(`${where}.failures`, options.failures, problems),
    concurrency: options.concurrency,
    timeoutMs: options.timeoutMs,
    dispatch: app.options.dispatch ?? options.dispatch,
    use: options.use,
    calling: TICKER_CALLING,
    contextIn: (house) => (delivery) => new TickHandlerContext(house, delivery),
  };
}

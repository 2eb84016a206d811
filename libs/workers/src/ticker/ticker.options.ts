import type { ChannelDeclaration } from '../channel/channel.declaration.js';
import type { Duration } from '../lifecycle/duration.js';
import { duration, flag, integer, oneOf, optional, type OptionTable, resolveOptions } from '../option.table.js';
import type { WorkerFailure } from '../worker/failure.js';
import type { InterceptorToken } from '../worker/interceptor.js';
import { type Dispatch, HANDLER_ROWS, nameRow } from '../worker/worker.options.js';

/** What happens to a tick that is due while the one before is under way: see `TickerOptions.overlap`. */
export type Overlap = 'skip' | 'queue' | 'allow';

/** What `@Ticker` takes. All of it but `name` can be overridden by `tickers: { [name]: ... }` in the module's options. */
export interface TickerOptions<O = unknown> {
  /** Unique among workers and tickers, and the name of the cron job in the application's `SchedulerRegistry`. @default the class's name */
  readonly name?: string;
  /** The interval, from 1 ms up. Either this or `cron`. */
  readonly every?: Duration;
  /** A cron expression of five fields, or of six with seconds first. Needs @nestjs/schedule. Either this or `every`. */
  readonly cron?: string;
  /** The IANA time zone in which `cron` is read: `'Europe/Berlin'`. @default the machine's */
  readonly timeZone?: string;
  /** Ticks once when the application has started, beside what the schedule says. @default false */
  readonly immediate?: boolean;
  /** Whether it ticks at all. A ticker that is not enabled is checked and counted, and never starts. @default true */
  readonly enabled?: boolean;
  /**
   * What happens to a tick that is due while the one before is under way. `skip`: it is left out. `queue`: it waits; beyond 1,024 that
   * wait, it is left out. `allow`: it runs beside it; beyond `concurrency`, it is left out. Whatever is left out is counted and
   * announced. Of ticks that are due at once after a late event loop, `skip` and `allow` run the latest, `queue` all that find room.
   * @default 'skip'
   */
  readonly overlap?: Overlap;
  /**
   * Ticks once per due time over all hosts: each asks the arbiter first, which is the store of `OutboxModule` or what the module's option
   * `arbiter` gives; the ticks of the others count as skipped. With `every`, due times are rounded down to multiples of the interval
   * since 1970. @default false
   */
  readonly singleton?: boolean;
  /** How many ticks may run side by side; with `overlap: 'allow'` only, elsewhere it is 1. @default 16 */
  readonly concurrency?: number;
  /** Where what `tick` returns is offered; `undefined` and `null` are not. @default nowhere */
  readonly out?: ChannelDeclaration<O> | string;
  /** Where its failures are offered. @default nowhere; they are logged */
  readonly failures?: ChannelDeclaration<WorkerFailure> | string;
  /** Where `tick` runs. @default 'inline' */
  readonly dispatch?: Dispatch;
  /** How long `tick` may take; false for as long as it likes. @default '30s' */
  readonly timeout?: Duration | false;
  /** Interceptors around its ticks, after the module's. */
  readonly use?: readonly InterceptorToken[];
}

/** What the module's options may override of a ticker. */
export type TickerOverrides = Partial<Omit<TickerOptions, 'name'>>;

/** When a ticker is due. */
export type TickerTime =
  | { readonly type: 'interval'; readonly everyMs: number }
  | { readonly type: 'cron'; readonly expression: string; readonly timeZone: string | undefined };

/** Every option with its value. */
export interface ResolvedTickerOptions {
  readonly name: string;
  /** Undefined only where a problem was reported. */
  readonly time: TickerTime | undefined;
  readonly immediate: boolean;
  readonly enabled: boolean;
  readonly overlap: Overlap;
  readonly singleton: boolean;
  readonly concurrency: number;
  readonly out: ChannelDeclaration | string | undefined;
  readonly failures: ChannelDeclaration<WorkerFailure> | string | undefined;
  readonly dispatch: Dispatch;
  /** Undefined for no timeout. */
  readonly timeoutMs: number | undefined;
  readonly use: readonly InterceptorToken[];
}

type Rows = Omit<ResolvedTickerOptions, 'time' | 'timeoutMs'> & {
  every: number | undefined;
  cron: string | undefined;
  timeZone: string | undefined;
  timeout: number | undefined;
};

function tickerTable(className: string): OptionTable<Rows> {
  return {
    ...HANDLER_ROWS,
    name: nameRow(className),
    every: { ...duration(1, 1), fallback: undefined },
    cron: optional("a cron expression such as '*/5 * * * *'", (given) => typeof given === 'string'),
    timeZone: optional("an IANA time zone such as 'Europe/Berlin'", (given) => typeof given === 'string'),
    immediate: flag(false),
    enabled: flag(true),
    overlap: oneOf(['skip', 'queue', 'allow'], 'skip'),
    singleton: flag(false),
    concurrency: integer(1, 16),
  };
}

/** What the decorator says with what the module's options say over it, checked; what is wrong is added to `problems`. */
export function resolveTickerOptions(
  className: string,
  decorated: TickerOptions<never>,
  overrides: object | undefined,
  problems: string[],
): ResolvedTickerOptions {
  const where = `tickers.${decorated.name ?? className}`;
  if (overrides !== undefined && 'name' in overrides) {
    problems.push(
      `${where}.name: cannot be overridden in the module's options; it belongs to the @Ticker decorator of ${className}.`,
    );
  }
  const given = override(decorated, overrides ?? {});
  const resolved = resolveOptions(where, given, tickerTable(className), problems);
  const { every, cron, timeZone, timeout = Infinity, ...options } = resolved;
  refuseContradictions(where, given, options.overlap, problems);
  return Object.freeze({
    ...options,
    time: timeOf(every, cron, timeZone),
    concurrency: options.overlap === 'allow' ? options.concurrency : 1,
    timeoutMs: timeout === Infinity ? undefined : timeout,
  });
}

/** What the module's options say over what the decorator says. A value of undefined, as configuration often gives, says nothing. */
function override(decorated: TickerOptions<never>, overrides: TickerOverrides): TickerOptions<never> {
  const said = Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
  const contradicted = 'cron' in said ? ['every'] : 'every' in said ? ['cron', 'timeZone'] : [];
  const kept = Object.entries(decorated).filter(([key, value]) => value !== undefined && !contradicted.includes(key));
  return { ...Object.fromEntries(kept), ...said };
}

function timeOf(every?: number, cron?: string, timeZone?: string): TickerTime | undefined {
  if (cron !== undefined) return { type: 'cron', expression: cron, timeZone };
  return every === undefined ? undefined : { type: 'interval', everyMs: every };
}

function refuseContradictions(where: string, given: TickerOptions<never>, overlap: Overlap, problems: string[]): void {
  if ('every' in given && 'cron' in given) {
    problems.push(`${where}: expected every or cron, got both. Keep one of them.`);
  }
  if (!('every' in given) && !('cron' in given)) {
    problems.push(
      `${where}: expected every or cron, got neither. Add every: '1s' or cron: '*/5 * * * *' to its @Ticker options.`,
    );
  }
  if ('timeZone' in given && !('cron' in given)) {
    problems.push(`${where}.timeZone: has no effect without cron; an interval is the same everywhere. Remove it.`);
  }
  if ('concurrency' in given && overlap !== 'allow') {
    problems.push(
      `${where}.concurrency: has no effect with overlap '${overlap}', where one tick runs at a time. Remove it, or set overlap 'allow'.`,
    );
  }
}

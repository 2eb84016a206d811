import type { ChannelDeclaration } from './channel/channel.declaration.js';
import type { DispatchPlan } from './dispatch/dispatcher.js';
import type { GuardMode } from './dispatch/guarding.js';
import { type Clock, SystemClock } from './lifecycle/clock.js';
import type { Duration } from './lifecycle/duration.js';
import type { Leftover } from './lifecycle/supervisor.js';
import type { Observer, Redact } from './observe/announcer.js';
import {
  duration,
  flag,
  isFunction,
  oneOf,
  optional,
  type OptionTable,
  refuseUnknown,
  resolveOptions,
} from './option.table.js';
import { ISOLATE_DEFAULTS, type IsolateDefaults } from './pool/pool.options.js';
import type { Arbiter } from './ticker/arbiter.js';
import type { TickerOverrides } from './ticker/ticker.options.js';
import type { InterceptorToken } from './worker/interceptor.js';
import { HANDLER_ROWS, type WorkerOverrides } from './worker/worker.options.js';

/** Names a provider that is an observer function, or has a method `observe(event)`. */
export type ObserverToken = string | symbol | (abstract new (...args: never[]) => { observe: Observer });

/** How the application stops. */
export interface ShutdownOptions {
  /** For everything: drain, abort and grace. @default '25s' */
  readonly deadline?: Duration;
  /** Between asking running handlers to stop and giving up on them; lies inside the deadline. @default '5s' */
  readonly abortGrace?: Duration;
}

/** A worker or ticker, by its class or its name. */
export type RunName = string | (abstract new (...args: never[]) => unknown);

/** Which workers and tickers run in this process. The others are known here, and are left to processes that run them. */
export interface RunOptions {
  /** These and no others; an empty list for none. @default all */
  readonly only?: readonly RunName[];
  /** All but these. @default none */
  readonly except?: readonly RunName[];
}

/** What `forRoot` and the factory of `forRootAsync` take. Unknown keys are refused. */
export interface WorkersModuleOptions {
  /** Overrides what `@Worker` says, by the worker's name; from configuration, for instance. */
  readonly workers?: Readonly<Record<string, WorkerOverrides>>;
  /** Overrides what `@Ticker` says, by the ticker's name. */
  readonly tickers?: Readonly<Record<string, TickerOverrides>>;
  /** Which workers and tickers run in this process, by class or name: `{ only: [...] }`, `{ except: [...] }`. @default all */
  readonly run?: RunOptions;
  /** Start with the application; otherwise `WorkerGateway.start()` does. @default true */
  readonly autoStart?: boolean;
  readonly shutdown?: ShutdownOptions;
  /** How long a request waits for its answer when it does not say so itself. @default '30s' */
  readonly requestTimeout?: Duration;
  /** Interceptors around every message, outside those of the workers. @default none */
  readonly use?: readonly InterceptorToken[];
  /** Restores the sender's AsyncLocalStorage in the handlers; costs about as much as the message itself. @default false */
  readonly propagateContext?: boolean;
  /** Receives every event: a function, or the injection token of one. @default nobody */
  readonly observer?: Observer | ObserverToken;
  /** What observers see of payloads. @default nothing */
  readonly redact?: Redact;
  /** Receives the messages that a stop left behind. @default they are counted and logged */
  readonly onLeftover?: (leftovers: readonly Leftover[]) => unknown;
  /**
   * What happens to an inline handler that holds the event loop for longer than `guardMs`: it fails, it is reported, or nothing.
   * @default 'report' when NODE_ENV is production, else 'fail'
   */
  readonly guard?: GuardMode;
  /** @default 25 */
  readonly guardMs?: number;
  /** From which age of its oldest message a channel starves. @default '10s' */
  readonly starvationAfter?: Duration;
  /** Runs every handler there, whatever its worker says; for tests. @default what the workers say */
  readonly dispatch?: 'inline' | DispatchPlan;
  /** What all threads and processes have in common; a worker's own dispatch goes before it. @default nothing */
  readonly isolates?: IsolateDefaults;
  /**
   * Decides which host ticks, for `@Ticker({ singleton: true })`: resolves with true for the first host that asks for a due time, false for
   * the others. @default the store of `OutboxModule`, where there is one
   */
  readonly arbiter?: Arbiter;
  /** The application's time; for tests. @default the machine's */
  readonly clock?: Clock;
}

/** What `forRoot` takes beside the options; `forRootAsync` takes it beside the factory. */
export interface WorkersModuleExtras {
  /** The channels of the application. More can be declared with `forFeature`. */
  readonly channels?: readonly ChannelDeclaration[];
  /** Whether the gateway and the channels can be injected everywhere, or only where the same `forRoot(...)` is imported. @default true */
  readonly isGlobal?: boolean;
}

/** Every option with its value. */
export interface ResolvedOptions {
  readonly workers: Readonly<Record<string, object>>;
  readonly tickers: Readonly<Record<string, object>>;
  readonly run: RunOptions;
  readonly autoStart: boolean;
  readonly shutdown: { readonly deadline: number; readonly abortGrace: number };
  readonly requestTimeout: number;
  readonly use: readonly InterceptorToken[];
  readonly propagateContext: boolean;
  readonly observer: Observer | ObserverToken | undefined;
  readonly redact: Redact | undefined;
  readonly onLeftover: ((leftovers: readonly Leftover[]) => unknown) | undefined;
  readonly guard: GuardMode;
  readonly guardMs: number;
  readonly starvationAfter: number;
  readonly dispatch: 'inline' | DispatchPlan | undefined;
  readonly isolates: IsolateDefaults;
  readonly arbiter: Arbiter | undefined;
  readonly clock: Clock;
}

const SHUTDOWN_TABLE: OptionTable<ResolvedOptions['shutdown']> = {
  deadline: duration(0, '25s'),
  abortGrace: duration(0, '5s'),
};

const RUN_TABLE: OptionTable<{ only: readonly RunName[] | undefined; except: readonly RunName[] | undefined }> = {
  only: optional('a list of workers and tickers, by class or name', isNames),
  except: optional('a list of workers and tickers, by class or name', isNames),
};

function optionTable(
  nodeEnv: string | undefined,
): OptionTable<Omit<ResolvedOptions, 'shutdown' | 'run'> & { shutdown: object; run: object }> {
  return {
    workers: recordRow('worker names with options'),
    tickers: recordRow('ticker names with options'),
    run: {
      expects: '{ only } or { except }, lists of workers and tickers',
      read: (given) => (isObject(given) ? given : undefined),
      fallback: {},
    },
    autoStart: flag(true),
    shutdown: {
      expects: '{ deadline, abortGrace }',
      read: (given) => (isObject(given) ? given : undefined),
      fallback: {},
    },
    requestTimeout: duration(1, '30s'),
    use: HANDLER_ROWS.use,
    propagateContext: flag(false),
    observer: optional('a function, or an injection token', (given) => given !== null && given !== ''),
    redact: optional('a function of the payload', isFunction),
    onLeftover: optional('a function', isFunction),
    guard: oneOf(['fail', 'report', 'off'], nodeEnv === 'production' ? 'report' : 'fail'),
    guardMs: {
      expects: 'a number of milliseconds from 1 up',
      read: (given) => (typeof given === 'number' && given >= 1 ? given : undefined),
      fallback: 25,
    },
    starvationAfter: duration(1, '10s'),
    dispatch: { ...HANDLER_ROWS.dispatch, fallback: undefined },
    isolates: {
      expects: `options of isolates (${ISOLATE_DEFAULTS.join(', ')})`,
      read: (given) => (isObject(given) ? given : undefined),
      fallback: {},
    },
    arbiter: optional('a function (ticker, dueAtMs) that resolves with true for one host', isFunction),
    clock: {
      expects: 'a Clock',
      read: (given) => (isObject(given) && 'now' in given && 'after' in given ? (given as Clock) : undefined),
      fallback: new SystemClock(),
    },
  };
}

/** The module's options, checked; what is wrong is added to `problems`. */
export function resolveModuleOptions(
  given: object,
  problems: string[],
  nodeEnv = process.env['NODE_ENV'],
): ResolvedOptions {
  const { channels: stray, ...rest } = given as { channels?: unknown };
  if (stray !== undefined) {
    problems.push(
      'forRootAsync: channels belong beside useFactory, not into what it returns, because they are injection tokens: forRootAsync({ channels: [...], useFactory })',
    );
  }
  const resolved = resolveOptions('options', rest, optionTable(nodeEnv), problems);
  // Their values are checked with each worker that takes them.
  refuseUnknown('options.isolates', resolved.isolates, ISOLATE_DEFAULTS, problems);
  const shutdown = resolveOptions('options.shutdown', resolved.shutdown, SHUTDOWN_TABLE, problems);
  if (shutdown.abortGrace > shutdown.deadline) {
    problems.push(
      `options.shutdown.abortGrace: lies inside the deadline (${shutdown.deadline} ms) and cannot be longer, got ${shutdown.abortGrace} ms.`,
    );
  }
  const run = resolveOptions('options.run', resolved.run, RUN_TABLE, problems) as RunOptions;
  return Object.freeze({ ...resolved, shutdown, run });
}

function recordRow(expects: string): OptionTable<ResolvedOptions>['workers'] {
  return {
    expects,
    read: (given) =>
      isObject(given) && Object.values(given).every(isObject) ? (given as Record<string, object>) : undefined,
    fallback: {},
  };
}

function isNames(given: unknown): boolean {
  return Array.isArray(given) && given.every((one) => isFunction(one) || (typeof one === 'string' && one !== ''));
}

function isObject(given: unknown): given is object {
  return typeof given === 'object' && given !== null && !Array.isArray(given);
}

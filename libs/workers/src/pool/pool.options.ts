import type { Duration } from '../lifecycle/duration.js';
import {
  duration,
  integer,
  isFunction,
  optional,
  type OptionRow,
  type OptionTable,
  resolveOptions,
} from '../option.table.js';
import type { Middleware } from '../socket/middleware.js';
import type { ErrorClass } from '../wire/error.registry.js';
import type { Serializer } from '../wire/serializer.js';
import type { RestartOptions } from './restarts.js';

/** What becomes of a message whose isolate died while its handler was in it. */
export type CrashPolicy = 'reject' | { readonly attempts: number };

/** When an isolate has done enough and is replaced by a fresh one, once its last errand is over. */
export interface RecycleOptions {
  /** After this many messages. @default never */
  readonly messages?: number;
  /** When its heap holds this much, in MB, as it says itself. @default never */
  readonly heapMb?: number;
}

/** Which environment variables an isolate gets. */
export interface EnvironmentOptions {
  /** Names passed on from the host, beside those every program needs (`PATH`, `HOME`, `TZ`, `LANG`, `NODE_ENV`, ...). @default none */
  readonly pass?: readonly string[];
  /** Variables of its own. @default none */
  readonly set?: Readonly<Record<string, string>>;
}

/** A Nest module class, or a dynamic module. */
export type ModuleClass = (new (...args: never[]) => object) | object;

/** What `inThread` and `inProcess` have in common. */
export interface PoolOptions {
  /**
   * The module whose providers the handler is injected with; loaded in the isolate, never in the host. A function, so that the host
   * does not load it and so that it may import the handler's file.
   *
   * @default none: the handler has no dependencies
   */
  readonly context?: () => Promise<ModuleClass> | ModuleClass;
  /** Where the class stands, when its decorator is called from another file: `import.meta.url`. @default the file that calls the decorator */
  readonly file?: string;
  /**
   * The URL of a file that each isolate imports before all others: for what has to be there first (tracing, polyfills), and to give the
   * inside of every isolate the `serializer`, `middleware` and `errors` that the module gives the host; it exports them by these names.
   *
   * @default none
   */
  readonly setup?: string;
  /** How many isolates there are; the same as `minSize` and `maxSize` in one. @default 1 */
  readonly size?: number;
  /** How many are kept warm. @default size */
  readonly minSize?: number;
  /** How many there may be while messages wait. @default size */
  readonly maxSize?: number;
  /** How many handlers an isolate may be in at a time. @default 1 */
  readonly concurrency?: number;
  /**
   * How many messages an isolate may hold, those its handlers are in included; they count against the worker's permits. What is held
   * and not entered survives the isolate. Slow handlers get fewer: no more than about 10 ms of work is held ahead. @default 64
   */
  readonly window?: number;
  /** What becomes of a message whose handler was entered when its isolate died: lost, and its caller told so, or tried again. @default 'reject' */
  readonly crash?: CrashPolicy;
  /** How long booting may take. @default '10s' */
  readonly startupTimeout?: Duration;
  /** How long a handler may go on after its signal was aborted, before its isolate is terminated. @default '2s' */
  readonly abortGrace?: Duration;
  /** When an isolate is replaced by a fresh one. @default never */
  readonly recycleAfter?: RecycleOptions;
  /** After how long without work isolates beyond `minSize` are closed. @default '30s' */
  readonly idleAfter?: Duration;
  /** How often an idle isolate is asked whether it still answers; one that does not in that time is terminated. @default '10s' */
  readonly pingEvery?: Duration;
  /** Error classes that shall arrive as themselves, beside Nest's HttpExceptions and this library's. @default none */
  readonly errors?: readonly ErrorClass[];
  /** How fast dead isolates are replaced, and when that stops. @default see there */
  readonly restart?: Partial<Record<keyof RestartOptions, Duration>>;
  /** Which environment variables it gets. @default the variables every program needs */
  readonly env?: EnvironmentOptions;
  /** Arguments for Node itself. @default none; those of the host are not passed on */
  readonly execArgv?: readonly string[];
}

/** What the module's `isolates` may say for all of them. How many there are, and what is in them, is each worker's own. */
export const ISOLATE_DEFAULTS = [
  'crash',
  'setup',
  'startupTimeout',
  'abortGrace',
  'recycleAfter',
  'idleAfter',
  'pingEvery',
  'errors',
  'restart',
  'env',
  'execArgv',
  'serializer',
  'middleware',
  'maxMessageBytes',
] as const;

/** See `PoolOptions`, and `ProcessOptions` for the last three. */
export interface IsolateDefaults extends Pick<
  PoolOptions,
  Exclude<(typeof ISOLATE_DEFAULTS)[number], 'serializer' | 'middleware' | 'maxMessageBytes'>
> {
  readonly serializer?: Serializer;
  readonly middleware?: Middleware | readonly Middleware[];
  readonly maxMessageBytes?: number;
}

/** Every common option with its value; durations in milliseconds. */
export interface ResolvedPoolOptions {
  readonly context: (() => Promise<ModuleClass> | ModuleClass) | undefined;
  readonly file: string | undefined;
  readonly setup: string | undefined;
  readonly size: number | undefined;
  readonly minSize: number | undefined;
  readonly maxSize: number | undefined;
  readonly concurrency: number;
  readonly window: number;
  readonly crash: CrashPolicy;
  readonly startupTimeout: number;
  readonly abortGrace: number;
  readonly recycleAfter: RecycleOptions;
  readonly idleAfter: number;
  readonly pingEvery: number;
  readonly errors: readonly ErrorClass[];
  readonly restart: RestartOptions;
  readonly env: EnvironmentOptions;
  readonly execArgv: readonly string[];
}

const RESTART_TABLE: OptionTable<RestartOptions> = {
  delay: duration(0, '100ms'),
  maxDelay: duration(0, '10s'),
  crashes: integer(1, 5),
  pause: duration(0, '30s'),
};

export const POOL_TABLE: OptionTable<ResolvedPoolOptions> = {
  context: optional(
    'a function that gives a module, such as () => import(...).then((m) => m.ImagesModule)',
    isFunction,
  ),
  file: optional('the URL of the file that exports the class: import.meta.url', (given) => typeof given === 'string'),
  setup: optional('the URL of a file', (given) => typeof given === 'string'),
  size: optional('an integer from 1 up', isCount),
  minSize: optional('an integer from 0 up', (given) => given === 0 || isCount(given)),
  maxSize: optional('an integer from 1 up', isCount),
  concurrency: integer(1, 1),
  window: integer(1, 64),
  crash: {
    expects: "'reject', or { attempts: 3 }",
    read: (given) =>
      given === 'reject' || (isRecord(given) && isCount(given['attempts'])) ? (given as CrashPolicy) : undefined,
    fallback: 'reject',
  } satisfies OptionRow<CrashPolicy>,
  startupTimeout: duration(1, '10s'),
  abortGrace: duration(0, '2s'),
  recycleAfter: recordRow<RecycleOptions>('{ messages, heapMb }', ['messages', 'heapMb'], isCount),
  idleAfter: duration(0, '30s'),
  pingEvery: duration(10, '10s'),
  errors: {
    expects: 'a list of error classes',
    read: (given) => (Array.isArray(given) && given.every(isFunction) ? (given as ErrorClass[]) : undefined),
    fallback: [],
  } satisfies OptionRow<readonly ErrorClass[]>,
  restart: {
    expects: "{ delay: '100ms', maxDelay: '10s', crashes: 5, pause: '30s' }",
    read: (given) => (isRecord(given) ? restartOptions(given) : undefined),
    fallback: resolveOptions('', {}, RESTART_TABLE, []),
  },
  env: recordRow<EnvironmentOptions>(
    '{ pass: [names], set: { NAME: value } }',
    ['pass', 'set'],
    (given) => typeof given === 'object',
  ),
  execArgv: {
    expects: 'a list of arguments',
    read: (given) => (isTextList(given) ? given : undefined),
    fallback: [],
  } satisfies OptionRow<readonly string[]>,
};

/** How many isolates a pool has at least and at most, and how many messages they hold together. */
export interface PoolSize {
  readonly min: number;
  readonly max: number;
  readonly permits: number;
}

/** What the sizes come to; contradictions are added to `problems`. */
export function poolSize(where: string, options: ResolvedPoolOptions, problems: string[]): PoolSize {
  const { size, minSize, maxSize, window, concurrency } = options;
  if (size !== undefined && (minSize !== undefined || maxSize !== undefined))
    problems.push(`${where}.size: says both minSize and maxSize; keep it, or those two.`);
  const max = maxSize ?? size ?? Math.max(1, minSize ?? 1);
  const min = minSize ?? size ?? 1;
  if (min > max) problems.push(`${where}.minSize: cannot be above maxSize (${max}), got ${min}.`);
  if (concurrency > window)
    problems.push(
      `${where}.concurrency: cannot be above window (${window}), which bounds what an isolate holds; got ${concurrency}.`,
    );
  return { min, max, permits: max * Math.max(window, concurrency) };
}

function restartOptions(given: object): RestartOptions | undefined {
  const problems: string[] = [];
  const options = resolveOptions('restart', given, RESTART_TABLE, problems);
  return problems.length > 0 ? undefined : options;
}

function isCount(given: unknown): boolean {
  return typeof given === 'number' && Number.isInteger(given) && given >= 1;
}

function isRecord(given: unknown): given is Record<string, unknown> {
  return typeof given === 'object' && given !== null && !Array.isArray(given);
}

function isTextList(given: unknown): given is readonly string[] {
  return Array.isArray(given) && given.every((one) => typeof one === 'string');
}

function recordRow<R extends object>(
  expects: string,
  keys: readonly string[],
  accepts: (value: unknown) => boolean,
): OptionRow<R> {
  const fits = (given: Record<string, unknown>): boolean =>
    Object.entries(given).every(([key, value]) => keys.includes(key) && (value === undefined || accepts(value)));
  return { expects, read: (given) => (isRecord(given) && fits(given) ? (given as R) : undefined), fallback: {} as R };
}

import type { ChannelDeclaration } from '../channel/channel.declaration.js';
import { isChannelDeclaration } from '../channel/channel.declaration.js';
import type { DispatchPlan } from '../dispatch/dispatcher.js';
import type { Duration } from '../lifecycle/duration.js';
import type { Message } from '../message/message.js';
import {
  duration,
  flag,
  integer,
  isFunction,
  optional,
  type OptionRow,
  type OptionTable,
  resolveOptions,
} from '../option.table.js';
import type { WorkerFailure } from './failure.js';
import type { InterceptorToken } from './interceptor.js';

/** Where a handler runs: `'inline'`, or what `inThread(...)` and the like return. */
export type Dispatch = 'inline' | DispatchPlan;

/** What `@Worker` takes. All of it but `in` can be overridden by `workers: { [name]: ... }` in the module's options. */
export interface WorkerOptions<I = unknown, O = unknown> {
  /** Unique among workers and tickers. @default the class's name */
  readonly name?: string;
  /** The channel it takes from. */
  readonly in: ChannelDeclaration<I> | string;
  /** Where what the handler returns is offered; `undefined` and `null` are not. @default nowhere */
  readonly out?: ChannelDeclaration<O> | string;
  /** Where its failures are offered. @default nowhere; they are logged */
  readonly failures?: ChannelDeclaration<WorkerFailure> | string;
  /** Whether the gateway may address it. @default false */
  readonly expose?: boolean;
  /** Where the handler runs. @default 'inline' */
  readonly dispatch?: Dispatch;
  /** How many messages it handles at a time. @default 1 inline; in isolates as many as they hold, their number times their window */
  readonly concurrency?: number;
  /** How long a handler may take; false for as long as it likes. @default '30s' */
  readonly timeout?: Duration | false;
  /**
   * Messages with the same key are handled one after the other, in order. Not with a second worker on the channel. The next one
   * follows when the one before has its outcome; a handler that ran out of time and ignores its signal is not waited for.
   */
  readonly key?: (message: Message<I>) => unknown;
  /** Interceptors around its messages, after the module's. */
  readonly use?: readonly InterceptorToken[];
  /** Restores the sender's AsyncLocalStorage in the handler. @default the module's `propagateContext` */
  readonly propagateContext?: boolean;
}

/** What the module's options may override of a worker. */
export type WorkerOverrides = Partial<Omit<WorkerOptions, 'name' | 'in' | 'key'>>;

/** Every option with its value. */
export interface ResolvedWorkerOptions {
  readonly name: string;
  readonly in: ChannelDeclaration | string | undefined;
  readonly out: ChannelDeclaration | string | undefined;
  readonly failures: ChannelDeclaration<WorkerFailure> | string | undefined;
  readonly expose: boolean;
  readonly dispatch: Dispatch;
  /** Undefined where nothing is said: then the dispatch decides. */
  readonly concurrency: number | undefined;
  /** Milliseconds; undefined for no timeout. */
  readonly timeout: number | undefined;
  readonly key: ((message: Message) => unknown) | undefined;
  readonly use: readonly InterceptorToken[];
  readonly propagateContext: boolean | undefined;
}

/** Rows that a worker and a ticker share. */
export const HANDLER_ROWS = {
  out: channelRow<unknown>(),
  failures: channelRow<WorkerFailure>(),
  dispatch: {
    expects: "'inline', or what a dispatch function returns",
    read: (given) => (given === 'inline' || isDispatchPlan(given) ? given : undefined),
    fallback: 'inline',
  } satisfies OptionRow<Dispatch> as OptionRow<Dispatch>,
  use: {
    expects: 'a list of interceptors (classes, or objects with put or handle)',
    read: (given) =>
      Array.isArray(given) && given.every(isInterceptorToken) ? (given as InterceptorToken[]) : undefined,
    fallback: [],
  } satisfies OptionRow<readonly InterceptorToken[]> as OptionRow<readonly InterceptorToken[]>,
  timeout: timeoutRow('30s'),
};

function workerTable(className: string): OptionTable<ResolvedWorkerOptions> {
  return {
    ...HANDLER_ROWS,
    name: nameRow(className),
    in: channelRow(),
    expose: flag(false),
    concurrency: { ...integer(1, 1), fallback: undefined },
    key: optional('a function of the message', isFunction),
    propagateContext: optional('true or false', (given) => typeof given === 'boolean'),
  };
}

/** What the decorator says with what the module's options say over it, checked; what is wrong is added to `problems`. */
export function resolveWorkerOptions(
  className: string,
  decorated: object,
  overrides: object | undefined,
  problems: string[],
): ResolvedWorkerOptions {
  const where = `workers.${(decorated as { name?: string }).name ?? className}`;
  for (const fixed of ['name', 'in', 'key'] as const) {
    if (overrides !== undefined && fixed in overrides) {
      problems.push(
        `${where}.${fixed}: cannot be overridden in the module's options; it belongs to the @Worker decorator of ${className}.`,
      );
    }
  }
  // An override of undefined, as configuration often gives, says nothing.
  const said = Object.fromEntries(Object.entries(overrides ?? {}).filter(([, value]) => value !== undefined));
  const options = resolveOptions(where, { ...decorated, ...said }, workerTable(className), problems);
  if (options.in === undefined)
    problems.push(`${where}.in: a worker needs a channel to take from. Add in: to its @Worker options.`);
  return options;
}

/** A name: any text but none. */
export function nameRow(fallback: string): OptionRow<string> {
  return {
    expects: 'a name',
    read: (given) => (typeof given === 'string' && given !== '' ? given : undefined),
    fallback,
  };
}

function channelRow<T = unknown>(): OptionRow<ChannelDeclaration<T> | string | undefined> {
  return optional(
    'a channel constant or its name',
    (given) => typeof given === 'string' || isChannelDeclaration(given),
  );
}

function timeoutRow(fallback: Duration): OptionRow<number | undefined> {
  const row = duration(1, fallback);
  return {
    ...row,
    expects: `${row.expects}, or false`,
    read: (given) => (given === false ? Number.POSITIVE_INFINITY : row.read(given)),
  };
}

function isDispatchPlan(given: unknown): given is DispatchPlan {
  return (
    typeof given === 'object' && given !== null && 'create' in given && isFunction(given.create) && 'kind' in given
  );
}

function isInterceptorToken(given: unknown): boolean {
  return isFunction(given) || (typeof given === 'object' && given !== null && ('put' in given || 'handle' in given));
}

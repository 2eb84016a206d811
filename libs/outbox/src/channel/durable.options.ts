import type { PayloadType } from '@nestjs-workers/core';
import {
  type Duration,
  duration,
  integer,
  isFunction,
  oneOf,
  optional,
  type OptionTable,
  resolveChannelOptions,
  resolveOptions,
} from '@nestjs-workers/core/extension';
import type { Backoff, RetryOptions, RetryPolicy } from './retry.js';

/** What `durable()` takes. */
export interface DurableOptions<T = unknown> {
  /** What a payload must be: checked before it is stored, and rebuilt and checked again when it comes out. @default anything portable */
  readonly payload?: PayloadType<T>;
  /** How often and when it is tried again; a number of attempts, or false for one attempt only. @default 5 attempts */
  readonly retry?: RetryOptions | number | false;
  /** What becomes of a message whose isolate died after its handler was entered. @default 'retry' */
  readonly lost?: 'retry' | 'bury';
  /**
   * How many more messages than its workers have places for a host claims in advance; they go back when it stops. `auto` is as many as they
   * begin in 5 milliseconds: none for handlers that take long. @default 'auto'
   */
  readonly prefetch?: number | 'auto';
  /** How long what the handler returned, or answered a request with before that, is kept in the store. @default 0, not at all */
  readonly keep?: Duration;
}

export interface ResolvedDurableOptions {
  readonly payload: PayloadType<unknown> | undefined;
  readonly retry: RetryPolicy;
  readonly lost: 'retry' | 'bury';
  readonly prefetch: number | 'auto';
  readonly keep: number;
}

type Rows = Omit<ResolvedDurableOptions, 'retry'> & { readonly retry: RetryOptions | number | false };

const BACKOFF_TABLE: OptionTable<RetryPolicy['backoff']> = {
  delay: duration(0, '1s'),
  factor: {
    expects: 'a number from 1 up',
    read: (given) => (typeof given === 'number' && given >= 1 ? given : undefined),
    fallback: 2,
  },
  maxDelay: duration(0, '5m'),
  jitter: oneOf(['none', 'equal', 'full'], 'full'),
};

const RETRY_TABLE: OptionTable<Required<Omit<RetryOptions, 'retryIf'>> & Pick<RetryPolicy, 'retryIf'>> = {
  attempts: integer(1, 5),
  backoff: {
    expects: '{ delay, factor, maxDelay, jitter }, or a function of the attempt',
    read: (given) => (isRecord(given) || isFunction(given) ? (given as Backoff) : undefined),
    fallback: {},
  },
  retryIf: optional('a function of the error', isFunction),
};

/** The options of the durable channel `name`, checked; what is wrong is added to `problems`. */
export function resolveDurableOptions(name: string, given: object, problems: string[]): ResolvedDurableOptions {
  const where = `channels.${name}`;
  // What a payload may be is for every channel the same.
  const { payload: payloadGiven, ...rest } = given as DurableOptions;
  const { payload } = resolveChannelOptions(
    name,
    payloadGiven === undefined ? {} : { payload: payloadGiven },
    problems,
  );
  const { retry, ...options } = resolveOptions<Omit<Rows, 'payload'>>(where, rest, DURABLE_TABLE, problems);
  return Object.freeze({ ...options, payload, retry: resolveRetry(`${where}.retry`, retry, problems) });
}

const DURABLE_TABLE: OptionTable<Omit<Rows, 'payload'>> = {
  retry: {
    expects: '{ attempts, backoff, retryIf }, a number of attempts, or false',
    read: (given) =>
      given === false || isRecord(given) || (Number.isInteger(given) && (given as number) >= 1)
        ? (given as Rows['retry'])
        : undefined,
    fallback: {},
  },
  lost: oneOf(['retry', 'bury'], 'retry'),
  prefetch: {
    expects: "an integer from 0 up, or 'auto'",
    read: (given) =>
      given === 'auto' || (Number.isInteger(given) && (given as number) >= 0) ? (given as number) : undefined,
    fallback: 'auto',
  },
  keep: duration(0, 0),
};

function resolveRetry(where: string, given: Rows['retry'], problems: string[]): RetryPolicy {
  const asked = given === false ? { attempts: 1 } : typeof given === 'number' ? { attempts: given } : given;
  const { backoff, ...rest } = resolveOptions(where, asked, RETRY_TABLE, problems);
  const waitAfter = typeof backoff === 'function' ? backoff : undefined;
  const table = typeof backoff === 'function' ? {} : backoff;
  return { ...rest, waitAfter, backoff: resolveOptions(`${where}.backoff`, table, BACKOFF_TABLE, problems) };
}

function isRecord(given: unknown): given is object {
  return typeof given === 'object' && given !== null && !Array.isArray(given);
}

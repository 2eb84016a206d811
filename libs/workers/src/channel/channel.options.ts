import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Duration } from '../lifecycle/duration.js';
import { duration, integer, isFunction, oneOf, optional, type OptionTable, resolveOptions } from '../option.table.js';

/** What a full buffer does: hold the sender back, lose the new message, or lose the oldest. */
export type BufferType = 'fixed' | 'dropping' | 'sliding';

/** What the gateway does when there is no room: see `ChannelOptions.putMode`. */
export type PutMode = 'async' | 'block' | 'drop';

/** A class-validator class or a Standard Schema (zod, valibot, arktype ...): what a payload must be. */
export type PayloadType<T> = (new (...args: never[]) => T) | StandardSchemaV1<unknown, T>;

/** When the gateway refuses new messages for the sake of those that wait (`OverloadedError`, HTTP 503). */
export interface ShedOptions {
  /** Refuse from this share of the buffer (of `maxPendingPuts` where the buffer is 0) up. @default 0.9 */
  readonly at?: number;
  /** Refuse while the oldest message has waited longer than this. @default '10s' */
  readonly oldestAge?: Duration;
  /** What the caller is told to wait (`Retry-After`). @default '1s' */
  readonly retryAfter?: Duration;
}

export interface ChannelOptions<T = unknown> {
  /** How many messages may wait; 0 is a rendezvous: a message is taken or waits as a pending put. @default 0 */
  readonly buffer?: number;
  /** What happens when the buffer is full. `dropping` and `sliding` need a buffer of at least 1. @default 'fixed' */
  readonly bufferType?: BufferType;
  /**
   * What `command` and `request` do when a fixed buffer is full. `async`: accepted at once while at most `maxPendingPuts` wait.
   * `block`: the promise resolves when there is room. `drop`: accepted or dropped at once. Only the gateway reads it.
   * @default 'async'
   */
  readonly putMode?: PutMode;
  /** How many puts may wait for room, whether their senders wait (`block`) or not (`async`). @default 1024 */
  readonly maxPendingPuts?: number;
  /** What a payload must be; checked before it enters the channel. @default anything */
  readonly payload?: PayloadType<T>;
  /** Refuse early instead of letting callers wait. @default off */
  readonly shed?: ShedOptions | true;
}

/** Every option with its value. */
export interface ResolvedChannelOptions {
  readonly buffer: number;
  readonly bufferType: BufferType;
  readonly putMode: PutMode;
  readonly maxPendingPuts: number;
  readonly payload: PayloadType<unknown> | undefined;
  readonly shed: ResolvedShedOptions | undefined;
}

export interface ResolvedShedOptions {
  readonly at: number;
  readonly oldestAge: number;
  readonly retryAfter: number;
}

const SHED_TABLE: OptionTable<ResolvedShedOptions> = {
  at: {
    expects: 'a share above 0, up to 1',
    read: (given) => (typeof given === 'number' && given > 0 && given <= 1 ? given : undefined),
    fallback: 0.9,
  },
  oldestAge: duration(1, '10s'),
  retryAfter: duration(1, '1s'),
};

const CHANNEL_TABLE: OptionTable<Omit<ResolvedChannelOptions, 'shed'> & { shed: ShedOptions | true | undefined }> = {
  buffer: integer(0, 0),
  bufferType: oneOf(['fixed', 'dropping', 'sliding'], 'fixed'),
  putMode: oneOf(['async', 'block', 'drop'], 'async'),
  maxPendingPuts: integer(1, 1_024),
  payload: optional('a class or a Standard Schema', (given) => isFunction(given) || isStandardSchema(given)),
  shed: optional(
    'true, or { at, oldestAge, retryAfter }',
    (given) => given === true || (typeof given === 'object' && given !== null),
  ),
};

/** The options of the channel `name`, checked; what is wrong is added to `problems`. */
export function resolveChannelOptions(name: string, given: object, problems: string[]): ResolvedChannelOptions {
  const where = `channels.${name}`;
  const { shed, ...options } = resolveOptions(where, given, CHANNEL_TABLE, problems);
  if (options.buffer === 0 && options.bufferType !== 'fixed') {
    problems.push(
      `${where}.bufferType: '${options.bufferType}' needs a buffer of at least 1, got buffer 0 (a rendezvous has nothing to drop from). Set buffer, or bufferType 'fixed'.`,
    );
  }
  if (options.bufferType !== 'fixed' && 'maxPendingPuts' in given) {
    problems.push(
      `${where}.maxPendingPuts: has no effect with bufferType '${options.bufferType}', where no put ever waits. Remove it.`,
    );
  }
  const resolvedShed =
    shed === undefined ? undefined : resolveOptions(`${where}.shed`, shed === true ? {} : shed, SHED_TABLE, problems);
  return Object.freeze({ ...options, shed: resolvedShed });
}

export function isStandardSchema(value: unknown): value is StandardSchemaV1 {
  return (typeof value === 'object' || typeof value === 'function') && value !== null && '~standard' in value;
}

import {
  type Duration,
  duration,
  flag,
  integer,
  type OptionTable,
  resolveOptions,
} from '@nestjs-workers/core/extension';
import { RELAY_TABLE, type RelayOptions, type ResolvedRelayOptions } from './relay/relay.options.js';
import type { Store } from './store/store.js';

/** What `OutboxModule.forRoot` takes. */
export interface OutboxModuleOptions {
  /** Where the messages lie: `sqliteStore({ ... })`, `postgresStore({ ... })`. */
  readonly store: Store;
  /** Whether the tables are made and brought up to date at the start. @default true, except where NODE_ENV is production */
  readonly migrate?: boolean;
  /** How this process claims. */
  readonly relay?: RelayOptions;
  /** What is removed when it is old. */
  readonly prune?: PruneOptions;
}

export interface PruneOptions {
  /** How often. @default '1m' */
  readonly every?: Duration;
  /** How many rows of each kind in one statement. @default 1000 */
  readonly batch?: number;
  /** How many results a channel keeps at most, beside the time that `keep` gives them. @default 100000 */
  readonly maxFinished?: number;
}

export interface ResolvedOutboxOptions {
  readonly store: Store;
  readonly migrate: boolean;
  readonly relay: ResolvedRelayOptions;
  readonly prune: ResolvedPruneOptions;
}

export interface ResolvedPruneOptions {
  readonly every: number;
  readonly batch: number;
  readonly maxFinished: number;
}

const PRUNE_TABLE: OptionTable<ResolvedPruneOptions> = {
  every: duration(100, '1m'),
  batch: integer(1, 1_000),
  maxFinished: integer(0, 100_000),
};

/** The module's options, checked; what is wrong is added to `problems`. */
export function resolveOutboxOptions(
  given: object,
  problems: string[],
  nodeEnv = process.env['NODE_ENV'],
): ResolvedOutboxOptions {
  const table: OptionTable<Omit<ResolvedOutboxOptions, 'relay' | 'prune'> & { relay: object; prune: object }> = {
    store: { expects: 'a store: sqliteStore({ ... }) or postgresStore({ ... })', read: readStore, fallback: NO_STORE },
    migrate: flag(nodeEnv !== 'production'),
    relay: { expects: `options of the relay`, read: readRecord, fallback: {} },
    prune: { expects: '{ every, batch, maxFinished }', read: readRecord, fallback: {} },
  };
  const resolved = resolveOptions('outbox', given, table, problems);
  if (!('store' in given))
    problems.push('outbox.store: expected a store, got none. Give sqliteStore({ ... }) or postgresStore({ ... }).');
  return Object.freeze({
    ...resolved,
    relay: resolveOptions('outbox.relay', resolved.relay, RELAY_TABLE, problems),
    prune: resolveOptions('outbox.prune', resolved.prune, PRUNE_TABLE, problems),
  });
}

/** Stands where a problem was reported. */
const NO_STORE = undefined as unknown as Store;

function readStore(given: unknown): Store | undefined {
  return typeof given === 'object' && given !== null && 'append' in given && 'claim' in given
    ? (given as Store)
    : undefined;
}

function readRecord(given: unknown): object | undefined {
  return typeof given === 'object' && given !== null && !Array.isArray(given) ? given : undefined;
}

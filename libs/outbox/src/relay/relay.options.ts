import { hostname } from 'node:os';
import { type Duration, duration, integer, type OptionTable } from '@nestjs-workers/core/extension';

/** How a process claims from the store. */
export interface RelayOptions {
  /** What this process is called in the store and in histories. @default host name and process id */
  readonly hostId?: string;
  /** Without a sign of life for this long a host counts as dead, even when nobody saw it die; renewed at a third. @default '30s' */
  readonly lease?: Duration;
  /** How often the store is asked when nothing says that there is something. @default '250ms' */
  readonly pollInterval?: Duration;
  /** How many messages are claimed, or settled, in one statement at most. @default 500 */
  readonly batch?: number;
  /** A message that this many hosts or isolates died with is buried. @default 5 */
  readonly maxCrashes?: number;
}

export interface ResolvedRelayOptions {
  readonly hostId: string;
  readonly lease: number;
  readonly pollInterval: number;
  readonly batch: number;
  readonly maxCrashes: number;
}

export const RELAY_TABLE: OptionTable<ResolvedRelayOptions> = {
  hostId: {
    expects: 'a text',
    read: (given) => (typeof given === 'string' && given !== '' ? given : undefined),
    fallback: `${hostname()}:${process.pid}`,
  },
  lease: duration(1_000, '30s'),
  pollInterval: duration(10, '250ms'),
  batch: integer(1, 500),
  maxCrashes: integer(1, 5),
};

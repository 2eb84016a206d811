import type { WorkerInfo } from '../dispatch/elsewhere.js';
import type { WorkersStats } from '../observe/stats.js';

/** What an isolate is told when it is born: plain data, because it crosses. */
export interface Birth {
  /** The isolate's own name: `resize#2`. */
  readonly isolate: string;
  readonly kind: 'worker' | 'ticker';
  readonly home: Address;
  /** A file that is imported before all others; null for none. */
  readonly setup: string | null;
  readonly info: WorkerInfo;
  /** How many handlers it may be in at a time. */
  readonly concurrency: number;
  /** Every channel of the application, by name. */
  readonly channels: readonly string[];
  readonly stats: WorkersStats;
  readonly hostPid: number;
}

/** Where a handler class is to be found by somebody who has nothing but this. */
export interface Address {
  /** The URL of the file that exports the class; undefined where the isolate's own file names it. */
  readonly file: string | undefined;
  readonly exportName: string;
}

/** Whether `given`, from whatever sent it, is a birth. Only what is needed to go on is looked at; a host is not an enemy. */
export function isBirth(given: unknown): given is Birth {
  if (typeof given !== 'object' || given === null) return false;
  const { isolate, kind, home, info, concurrency, channels } = given as Partial<Birth>;
  return (
    typeof isolate === 'string' &&
    (kind === 'worker' || kind === 'ticker') &&
    typeof home?.exportName === 'string' &&
    typeof info === 'object' &&
    typeof concurrency === 'number' &&
    Array.isArray(channels)
  );
}

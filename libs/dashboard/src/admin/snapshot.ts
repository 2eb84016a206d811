import { hostname } from 'node:os';
import type { WorkersStats } from '@nestjs-workers/core';
import type { Distributions, WorkersApplication } from '@nestjs-workers/core/extension';

/** The process behind a snapshot. */
export interface HostFacts {
  readonly name: string;
  readonly pid: number;
  readonly uptimeSeconds: number;
  readonly rssMb: number;
  readonly heapMb: number;
}

/**
 * Everything that changes, at one instant. Counters only grow: the rates and curves of the last minutes are the differences of two
 * snapshots.
 */
export interface Snapshot {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly host: HostFacts;
  readonly stats: WorkersStats;
  /** How long messages waited and ran since the start, by worker and ticker; buckets by `boundsMs`. */
  readonly distributions: Readonly<Record<string, Distributions>>;
}

export function snapshotOf(application: WorkersApplication): Snapshot {
  const { rss, heapUsed } = process.memoryUsage();
  return {
    at: application.options.clock.wall(),
    host: {
      name: hostname(),
      pid: process.pid,
      uptimeSeconds: Math.round(process.uptime()),
      rssMb: megabytes(rss),
      heapMb: megabytes(heapUsed),
    },
    stats: application.stats(),
    distributions: application.distributions(),
  };
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1_048_576);
}

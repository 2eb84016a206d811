import type { WorkersStats } from '@nestjs-workers/core';

/** Both sides of a channel's account, to be compared: what came in, and what became of it. */
export interface Books {
  readonly accepted: number;
  readonly accountedFor: number;
}

const AFTER_ENTRY = ['buffer-slide', 'expired'] as const;

/**
 * The books of channel `name` with all `workers` that take from it:
 * accepted = done + failed + aborted + lost + slid + expired + left over + still waiting or under way.
 */
export function booksOf({ channels, workers }: WorkersStats, name: string, takers: readonly string[]): Books {
  const channel = channels[name];
  if (channel === undefined) throw new Error(`No channel "${name}" in the statistics.`);
  const { accepted, drops, leftOver, depth } = channel;
  const outcomes = takers.map((taker) => {
    const worker = workers[taker];
    if (worker === undefined) throw new Error(`No worker "${taker}" in the statistics.`);
    return (
      worker.done + sum(Object.values(worker.failed)) + worker.aborted + worker.lost + worker.leftOver + worker.inFlight
    );
  });
  const gone = AFTER_ENTRY.map((reason) => drops[reason] ?? 0);
  return { accepted, accountedFor: sum(outcomes) + sum(gone) + leftOver + depth };
}

export function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

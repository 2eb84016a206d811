import type { ChannelFigures, Snapshot, Spread, TickerFigures, WorkerFigures } from './wire.js';

/** What happened between two snapshots: a point of every curve. A figure that nothing was there for is not a number. */
export interface Point {
  readonly at: number;
  readonly all: Pace;
  /** Of workers and tickers, by name. */
  readonly workers: Readonly<Record<string, Pace>>;
  readonly channels: Readonly<Record<string, Flow>>;
}

/** What came to an end, and how long that had waited and run. */
export interface Pace extends Spreads {
  readonly perSecond: number;
  readonly failedPerSecond: number;
  readonly inFlight: number;
}

interface Spreads {
  readonly wait50: number;
  readonly wait95: number;
  readonly run50: number;
  readonly run95: number;
}

export interface Flow {
  readonly depth: number;
  readonly inPerSecond: number;
  readonly outPerSecond: number;
  readonly droppedPerSecond: number;
  readonly oldestMs: number;
}

/** What became of messages that a worker has taken. */
export function outcomesOf({ done, failed, aborted, lost }: WorkerFigures): number {
  return done + sum(Object.values(failed)) + aborted + lost;
}

export function failuresOf({ failed, lost }: WorkerFigures): number {
  return sum(Object.values(failed)) + lost;
}

export function dropsOf({ drops }: ChannelFigures): number {
  return sum(Object.values(drops));
}

/** Dead letters of all channels, over all hosts. */
export function deadIn({ channels }: Snapshot['stats']): number {
  return sum(Object.values(channels).map(({ stored }) => stored?.['dead']));
}

export function sum(numbers: Iterable<number | undefined>): number {
  let total = 0;
  for (const number of numbers) total += number ?? 0;
  return total;
}

/** The difference of two snapshots of one process. */
export function pointBetween(before: Snapshot, now: Snapshot, boundsMs: readonly number[]): Point {
  const seconds = Math.max(0.001, (now.at - before.at) / 1_000);
  const rate = (later: number, earlier: number | undefined): number =>
    earlier === undefined ? 0 : Math.max(0, later - earlier) / seconds;
  const channels: Record<string, Flow> = {};
  for (const [name, channel] of Object.entries(now.stats.channels)) {
    const old = before.stats.channels[name];
    channels[name] = {
      depth: waitingIn(channel),
      inPerSecond: rate(channel.accepted, old?.accepted),
      outPerSecond: rate(channel.taken, old?.taken),
      droppedPerSecond: rate(dropsOf(channel), old && dropsOf(old)),
      oldestMs: channel.oldestAgeMs,
    };
  }
  const workers: Record<string, Pace> = {};
  const [waits, runs] = [[], []] as [number[], number[]];
  for (const [name, worker] of Object.entries(now.stats.workers)) {
    const old = before.stats.workers[name];
    const [wait, run] = [grown(now, before, name, 'waitMs'), grown(now, before, name, 'runMs')];
    addTo(waits, wait);
    addTo(runs, run);
    workers[name] = {
      perSecond: rate(outcomesOf(worker), old && outcomesOf(old)),
      failedPerSecond: rate(failuresOf(worker), old && failuresOf(old)),
      inFlight: worker.inFlight,
      ...spreads(wait, run, boundsMs),
    };
  }
  const all: Pace = {
    perSecond: sum(Object.values(workers).map((pace) => pace.perSecond)),
    failedPerSecond: sum(Object.values(workers).map((pace) => pace.failedPerSecond)),
    inFlight: sum(Object.values(workers).map((pace) => pace.inFlight)),
    ...spreads(waits, runs, boundsMs),
  };
  for (const [name, ticker] of Object.entries(now.stats.tickers)) {
    const old = before.stats.tickers[name];
    workers[name] = {
      perSecond: rate(endedOf(ticker), old && endedOf(old)),
      failedPerSecond: rate(ticker.failed, old?.failed),
      inFlight: ticker.inFlight,
      ...spreads([], grown(now, before, name, 'runMs'), boundsMs),
    };
  }
  return { at: now.at, all, workers, channels };
}

/** The value below which a `share` of what lies in the buckets is, evenly spread within its bucket. */
export function quantile(buckets: readonly number[], boundsMs: readonly number[], share: number): number {
  let left = sum(buckets) * share;
  if (left === 0) return Number.NaN;
  for (const [at, count] of buckets.entries()) {
    if (count < left) {
      left -= count;
      continue;
    }
    const low = boundsMs[at - 1] ?? 0;
    const high = boundsMs[at] ?? low;
    return low + (high - low) * (left / count);
  }
  return boundsMs.at(-1) ?? Number.NaN;
}

/** What waits for a worker: in the buffer and for room in it, or of a durable channel in its store, over all hosts. */
export function waitingIn({ depth, pendingPuts, stored }: ChannelFigures): number {
  return stored === undefined ? depth + pendingPuts : (stored['ready'] ?? 0) + (stored['delayed'] ?? 0);
}

/** How full it is: its buffer, or where it has none the room of those who wait; where nothing bounds it, by powers of ten. */
export function fullnessOf(channel: ChannelFigures): number {
  const { depth, capacity, pendingPuts, maxPendingPuts } = channel;
  if (capacity >= Number.MAX_SAFE_INTEGER) return Math.min(1, Math.log10(1 + waitingIn(channel)) / 5);
  if (capacity > 0) return depth / capacity;
  return maxPendingPuts > 0 ? pendingPuts / maxPendingPuts : 0;
}

function endedOf({ done, failed, aborted }: TickerFigures): number {
  return done + failed + aborted;
}

function spreads(wait: readonly number[], run: readonly number[], boundsMs: readonly number[]): Spreads {
  return {
    wait50: quantile(wait, boundsMs, 0.5),
    wait95: quantile(wait, boundsMs, 0.95),
    run50: quantile(run, boundsMs, 0.5),
    run95: quantile(run, boundsMs, 0.95),
  };
}

function grown(now: Snapshot, before: Snapshot, name: string, which: 'waitMs' | 'runMs'): readonly number[] {
  const spread: Spread | undefined = now.distributions[name]?.[which];
  const old = before.distributions[name]?.[which].buckets ?? [];
  return (spread?.buckets ?? []).map((count, at) => Math.max(0, count - (old[at] ?? 0)));
}

function addTo(total: number[], more: readonly number[]): void {
  for (const [at, count] of more.entries()) total[at] = (total[at] ?? 0) + count;
}

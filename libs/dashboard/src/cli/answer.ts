import type { Snapshot } from '../admin/snapshot.js';

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string';
/** JSON has no infinity and no "not a number". */
const count: Check = (value) => typeof value === 'number' || value === null;
const instant: Check = (value) => typeof value === 'number' && !Number.isNaN(new Date(value).getTime());
const flag: Check = (value) => typeof value === 'boolean';

function record(fields: Readonly<Record<string, Check>>): Check {
  return (value) =>
    isObject(value) && Object.entries(fields).every(([name, fits]) => fits((value as Record<string, unknown>)[name]));
}

function each(fits: Check): Check {
  return (value) => isObject(value) && Object.values(value).every(fits);
}

function maybe(fits: Check): Check {
  return (value) => value === undefined || fits(value);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

const isolate = record({
  name: text,
  kind: text,
  state: text,
  load: count,
  handled: count,
  restarts: count,
  rssMb: count,
});
const isolates: Check = (value) => Array.isArray(value) && value.every(isolate);
const percentiles = record({ p50: count, p95: count });

/** What of a snapshot is shown, by the kind of its values: a newer server may say more, and one that says less is not understood. */
const snapshot = record({
  at: instant,
  host: record({ name: text, pid: count, uptimeSeconds: count, rssMb: count, heapMb: count }),
  stats: record({
    state: text,
    channels: each(
      record({
        depth: count,
        capacity: count,
        pendingPuts: count,
        maxPendingPuts: count,
        accepted: count,
        refused: count,
        taken: count,
        drops: each(count),
        oldestAgeMs: count,
        isSaturated: flag,
        isPaused: flag,
        stored: maybe(each(count)),
      }),
    ),
    workers: each(
      record({
        state: text,
        inFlight: count,
        concurrency: count,
        done: count,
        failed: each(count),
        aborted: count,
        lost: count,
        waitMs: percentiles,
        runMs: percentiles,
        isolates,
      }),
    ),
    tickers: each(record({ state: text, ticks: count, skipped: count, failed: count, driftMs: count, isolates })),
    relays: each(record({ store: text, state: text, sinceAnswerMs: count })),
  }),
});

/** `answer`, if it is a snapshot; undefined for anything else. */
export function snapshotIn(answer: unknown): Snapshot | undefined {
  return snapshot(answer) ? (answer as Snapshot) : undefined;
}

import type { ChannelStats, RelayStats, TickerStats, WorkersStats, WorkerStats } from './stats.js';

/** One metric as a plain list: what it is called, what it means, and a number for each combination of labels. */
export interface Figure {
  readonly name: string;
  readonly help: string;
  readonly unit: string;
  /** A `counter` only grows. */
  readonly type: 'counter' | 'gauge';
  readonly points: readonly Point[];
}

export interface Point {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * The statistics as metrics. Labels are names that the code declares, reasons and states of closed lists: their number does not grow with
 * what comes in. An isolate is counted, not named.
 */
export function figuresOf({ channels, workers, tickers, relays }: WorkersStats): readonly Figure[] {
  return [
    ...figures('channel', channels, CHANNEL),
    ...figures('worker', workers, WORKER),
    ...figures('ticker', tickers, TICKER),
    ...figures('channel', channels, LAG),
    ...figures('relay', relays, RELAY),
  ];
}

/** A metric, and what it is of one channel or worker: a number, several with labels beside its name, or nothing. */
type Row<T> = readonly [
  type: Figure['type'],
  name: string,
  unit: string,
  help: string,
  read: (one: T) => number | readonly Point[] | undefined,
];

const CHANNEL: readonly Row<ChannelStats>[] = [
  ['gauge', 'channel.depth', '{message}', 'Messages that wait', ({ depth }) => depth],
  ['gauge', 'channel.capacity', '{message}', 'How many may wait', ({ capacity }) => boundOf(capacity)],
  ['gauge', 'channel.pending_puts', '{put}', 'Puts that wait for room', ({ pendingPuts }) => pendingPuts],
  [
    'gauge',
    'channel.max_pending_puts',
    '{put}',
    'How many may wait for room',
    ({ maxPendingPuts }) => boundOf(maxPendingPuts),
  ],
  [
    'gauge',
    'channel.oldest_age',
    's',
    'How long the oldest message has waited',
    ({ oldestAgeMs }) => oldestAgeMs / 1_000,
  ],
  ['gauge', 'channel.paused', '1', 'Whether nothing is taken until it is resumed', ({ isPaused }) => Number(isPaused)],
  ['counter', 'channel.accepted', '{message}', 'Messages taken in', ({ accepted }) => accepted],
  ['counter', 'channel.taken', '{message}', 'Messages given to somebody', ({ taken }) => taken],
  ['counter', 'channel.refused', '{message}', 'Messages refused with an error', ({ refused }) => refused],
  [
    'counter',
    'channel.dropped',
    '{message}',
    'Messages lost on purpose, by reason',
    ({ drops }) => by('reason', drops),
  ],
  [
    'gauge',
    'channel.stored',
    '{message}',
    'Messages in the store over all hosts, by place; dead letters among them',
    storedOf,
  ],
];

const LAG: readonly Row<ChannelStats>[] = [
  ['gauge', 'relay.lag', 's', 'How long the oldest ready message has waited in the store', lagOf],
];

const WORKER: readonly Row<WorkerStats>[] = [
  ['gauge', 'worker.in_flight', '{message}', 'Permits in use', ({ inFlight }) => inFlight],
  ['gauge', 'worker.concurrency', '{message}', 'Permits there are', ({ concurrency }) => concurrency],
  ['gauge', 'worker.unsettled', '{message}', 'Outcomes whose settling is under way', ({ unsettled }) => unsettled],
  [
    'gauge',
    'worker.paused',
    '1',
    'Whether it takes nothing until it is resumed',
    ({ state }) => Number(state === 'paused'),
  ],
  ['counter', 'worker.outcomes', '{message}', 'Messages by what they came to', outcomesOf],
  ['gauge', 'worker.isolates', '{isolate}', 'Threads or processes by state', isolatesOf],
  [
    'counter',
    'worker.isolate_restarts',
    '{isolate}',
    'Threads or processes that died, or could not start, and were started again',
    ({ isolateDeaths }) => isolateDeaths,
  ],
];

const TICKER: readonly Row<TickerStats>[] = [
  ['counter', 'ticker.ticks', '{tick}', 'Ticks handed on', ({ ticks }) => ticks],
  ['counter', 'ticker.skipped', '{tick}', 'Ticks left out', ({ skipped }) => skipped],
  ['gauge', 'ticker.drift', 's', 'How late the latest tick was', ({ driftMs }) => driftMs / 1_000],
];

const RELAY: readonly Row<RelayStats>[] = [
  ['gauge', 'relay.since_answer', 's', 'Since the store last answered', ({ sinceAnswerMs }) => sinceAnswerMs / 1_000],
  ['gauge', 'relay.claiming', '1', 'Whether it claims', ({ state }) => Number(state === 'claiming')],
];

const ISOLATE_STATES = ['starting', 'idle', 'busy', 'leaving', 'dead'] as const;

/** Where there is no bound there is no number of it: a line of it would flatten all others of a chart. */
function boundOf(most: number): number | undefined {
  return most < Number.MAX_SAFE_INTEGER ? most : undefined;
}

function storedOf({ stored }: ChannelStats): Point[] {
  return by('place', stored ?? {}).filter(({ labels }) => labels['place'] !== 'oldestReadyMs');
}

function lagOf({ stored }: ChannelStats): number | undefined {
  return stored && (stored['oldestReadyMs'] ?? 0) / 1_000;
}

function outcomesOf({ done, aborted, lost, failed }: WorkerStats): Point[] {
  return [
    ...Object.entries({ done, aborted, lost }).map(([outcome, value]) => ({ labels: { outcome, kind: '' }, value })),
    ...Object.entries(failed).map(([kind, value]) => ({ labels: { outcome: 'failed', kind }, value })),
  ];
}

/** Where they all have died it says none of each state; who was stopped or runs elsewhere has none to miss. */
function isolatesOf({ state: of, isolates, isolateDeaths }: WorkerStats): Point[] {
  const isToHaveSome = isolateDeaths !== undefined && (of === 'running' || of === 'paused');
  if (isolates.length === 0 && !isToHaveSome) return [];
  const count = (state: string): number => isolates.filter((isolate) => isolate.state === state).length;
  return ISOLATE_STATES.map((state) => ({ labels: { state }, value: count(state) }));
}

function by(label: string, counts: Readonly<Record<string, number>>): Point[] {
  return Object.entries(counts).map(([name, value]) => ({ labels: { [label]: name }, value }));
}

function figures<T>(label: string, all: Readonly<Record<string, T>>, rows: readonly Row<T>[]): Figure[] {
  const each = Object.entries(all);
  return rows.map(([type, name, unit, help, read]) => ({
    name: `nestjs_workers.${name}`,
    help,
    unit,
    type,
    points: each.flatMap(([own, one]) =>
      pointsOf(read(one)).map(({ labels, value }) => ({ labels: { [label]: own, ...labels }, value })),
    ),
  }));
}

function pointsOf(read: number | readonly Point[] | undefined): readonly Point[] {
  return typeof read === 'number' ? [{ labels: {}, value: read }] : (read ?? []);
}

import type { WorkersStats } from './stats.js';

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
export function figuresOf(stats: WorkersStats): readonly Figure[] {
  return [...channelFigures(stats), ...workerFigures(stats), ...tickerFigures(stats), ...relayFigures(stats)];
}

function channelFigures({ channels }: WorkersStats): Figure[] {
  const each = Object.entries(channels);
  const of = (value: (one: (typeof channels)[string]) => number): Point[] =>
    each.map(([channel, one]) => ({ labels: { channel }, value: value(one) }));
  const stored = each.flatMap(([channel, one]) =>
    Object.entries(one.stored ?? {})
      .filter(([place]) => place !== 'oldestReadyMs')
      .map(([place, value]): Point => ({ labels: { channel, place }, value })),
  );
  const drops = each.flatMap(([channel, one]) =>
    Object.entries(one.drops).map(([reason, value]): Point => ({ labels: { channel, reason }, value })),
  );
  return [
    gauge(
      'channel.depth',
      'Messages that wait',
      '{message}',
      of(({ depth }) => depth),
    ),
    gauge(
      'channel.capacity',
      'How many may wait',
      '{message}',
      of(({ capacity }) => capacity),
    ),
    gauge(
      'channel.pending_puts',
      'Puts that wait for room',
      '{put}',
      of(({ pendingPuts }) => pendingPuts),
    ),
    gauge(
      'channel.oldest_age',
      'How long the oldest message has waited',
      's',
      of(({ oldestAgeMs }) => oldestAgeMs / 1_000),
    ),
    gauge(
      'channel.paused',
      'Whether nothing is taken until it is resumed',
      '1',
      of(({ isPaused }) => Number(isPaused)),
    ),
    counter(
      'channel.accepted',
      'Messages taken in',
      '{message}',
      of(({ accepted }) => accepted),
    ),
    counter(
      'channel.taken',
      'Messages given to somebody',
      '{message}',
      of(({ taken }) => taken),
    ),
    counter(
      'channel.refused',
      'Messages refused with an error',
      '{message}',
      of(({ refused }) => refused),
    ),
    counter('channel.dropped', 'Messages lost on purpose, by reason', '{message}', drops),
    gauge(
      'channel.stored',
      'Messages in the store over all hosts, by place; dead letters among them',
      '{message}',
      stored,
    ),
  ];
}

const ISOLATE_STATES = ['starting', 'idle', 'busy', 'leaving', 'dead'] as const;

function workerFigures({ workers }: WorkersStats): Figure[] {
  const each = Object.entries(workers);
  const of = (value: (one: (typeof workers)[string]) => number): Point[] =>
    each.map(([worker, one]) => ({ labels: { worker }, value: value(one) }));
  const outcomes = each.flatMap(([worker, { done, aborted, lost, failed }]) => [
    ...Object.entries({ done, aborted, lost }).map(([outcome, value]): Point => ({
      labels: { worker, outcome, kind: '' },
      value,
    })),
    ...Object.entries(failed).map(([kind, value]): Point => ({ labels: { worker, outcome: 'failed', kind }, value })),
  ]);
  const isolates = each
    .filter(([, one]) => one.isolates.length > 0)
    .flatMap(([worker, one]) =>
      ISOLATE_STATES.map((state): Point => ({
        labels: { worker, state },
        value: one.isolates.filter((isolate) => isolate.state === state).length,
      })),
    );
  const restarts = each
    .filter(([, one]) => one.isolates.length > 0)
    .map(([worker, one]): Point => ({
      labels: { worker },
      value: Math.max(...one.isolates.map((isolate) => isolate.restarts)),
    }));
  return [
    gauge(
      'worker.in_flight',
      'Permits in use',
      '{message}',
      of(({ inFlight }) => inFlight),
    ),
    gauge(
      'worker.concurrency',
      'Permits there are',
      '{message}',
      of(({ concurrency }) => concurrency),
    ),
    gauge(
      'worker.unsettled',
      'Outcomes whose settling is under way',
      '{message}',
      of(({ unsettled }) => unsettled),
    ),
    gauge(
      'worker.paused',
      'Whether it takes nothing until it is resumed',
      '1',
      of(({ state }) => Number(state === 'paused')),
    ),
    counter('worker.outcomes', 'Messages by what they came to', '{message}', outcomes),
    gauge('worker.isolates', 'Threads or processes by state', '{isolate}', isolates),
    counter('worker.isolate_restarts', 'Threads or processes started again', '{isolate}', restarts),
  ];
}

function tickerFigures({ tickers }: WorkersStats): Figure[] {
  const each = Object.entries(tickers);
  const of = (value: (one: (typeof tickers)[string]) => number): Point[] =>
    each.map(([ticker, one]) => ({ labels: { ticker }, value: value(one) }));
  return [
    counter(
      'ticker.ticks',
      'Ticks handed on',
      '{tick}',
      of(({ ticks }) => ticks),
    ),
    counter(
      'ticker.skipped',
      'Ticks left out',
      '{tick}',
      of(({ skipped }) => skipped),
    ),
    gauge(
      'ticker.drift',
      'How late the latest tick was',
      's',
      of(({ driftMs }) => driftMs / 1_000),
    ),
  ];
}

function relayFigures({ relays, channels }: WorkersStats): Figure[] {
  const each = Object.entries(relays);
  const lag = Object.entries(channels).flatMap(([channel, { stored }]) =>
    stored === undefined ? [] : [{ labels: { channel }, value: (stored['oldestReadyMs'] ?? 0) / 1_000 }],
  );
  return [
    gauge('relay.lag', 'How long the oldest ready message has waited in the store', 's', lag),
    gauge(
      'relay.since_answer',
      'Since the store last answered',
      's',
      each.map(([relay, { sinceAnswerMs }]) => ({ labels: { relay }, value: sinceAnswerMs / 1_000 })),
    ),
    gauge(
      'relay.claiming',
      'Whether it claims',
      '1',
      each.map(([relay, { state }]) => ({ labels: { relay }, value: Number(state === 'claiming') })),
    ),
  ];
}

function gauge(name: string, help: string, unit: string, points: readonly Point[]): Figure {
  return { name: `nestjs_workers.${name}`, help, unit, type: 'gauge', points };
}

function counter(name: string, help: string, unit: string, points: readonly Point[]): Figure {
  return { name: `nestjs_workers.${name}`, help, unit, type: 'counter', points };
}

import { spanOf } from '@nestjs-workers/core/cli';
import type { ChannelStats, IsolateStats, RelayStats, TickerStats, WorkerStats } from '@nestjs-workers/core';
import type { Snapshot } from '../admin/snapshot.js';
import type { Rates } from './rates.js';
import { type Cell, type Column, line, type Sheet, table, type Tone } from './table.js';

type Named<T> = readonly [name: string, stats: T];

/** A snapshot as lines that fit on a sheet; rates where there are any. */
export function pictureOf({ at, host, stats }: Snapshot, rates: Rates | undefined, sheet: Sheet): string[] {
  const up = spanOf(host.uptimeSeconds * 1_000);
  const time = new Date(at).toISOString().slice(11, 19);
  const about = `${host.name}  pid ${host.pid}  up ${up}  ${host.rssMb} MB (heap ${host.heapMb})  ${time} UTC`;
  const isolates = [...Object.values(stats.workers), ...Object.values(stats.tickers)].flatMap((one) => one.isolates);
  return [
    line(`${stats.state}  ${about}`, stats.state === 'running' ? undefined : 'warning', sheet),
    ...section(channelColumns(rates), Object.entries(stats.channels), sheet),
    ...section(workerColumns(rates), Object.entries(stats.workers), sheet),
    ...section(ISOLATE_COLUMNS, isolates, sheet),
    ...section(TICKER_COLUMNS, Object.entries(stats.tickers), sheet),
    ...section(RELAY_COLUMNS, Object.entries(stats.relays), sheet),
  ];
}

function section<R>(columns: readonly Column<R>[], rows: readonly R[], sheet: Sheet): string[] {
  return rows.length === 0 ? [] : ['', ...table(columns, rows, sheet)];
}

function channelColumns(rates: Rates | undefined): readonly Column<Named<ChannelStats>>[] {
  const stored = (title: string, rank: number, tone?: Tone): Column<Named<ChannelStats>> =>
    number(title, rank, ([, { stored: there }]) => someOf(there?.[title], tone));
  return [
    { title: 'channel', rank: 0, cell: ([name]) => name },
    number('waits', 1, ([, one]) => waiting(one)),
    number('for room', 5, ([, { capacity, pendingPuts }]) => (capacity === 0 ? '' : someOf(pendingPuts))),
    number('oldest', 2, ([, { oldestAgeMs }]) => (oldestAgeMs > 0 ? spanOf(oldestAgeMs) : '')),
    number('in/s', 4, ([name]) => rateOf(rates?.accepted[name])),
    number('out/s', 3, ([name]) => rateOf(rates?.taken[name])),
    number('dropped', 2, ([, { drops }]) => someOf(sumOf(drops), 'warning')),
    number('refused', 5, ([, { refused }]) => someOf(refused, 'warning')),
    stored('claimed', 6),
    stored('delayed', 6),
    stored('dead', 1, 'alarm'),
    stored('suspects', 4, 'warning'),
    { title: '', rank: 1, cell: ([, one]) => conditionOf(one) },
  ];
}

function workerColumns(rates: Rates | undefined): readonly Column<Named<WorkerStats>>[] {
  return [
    { title: 'worker', rank: 0, cell: ([name]) => name },
    number('busy', 1, ([, { inFlight, concurrency }]) => `${inFlight}/${concurrency}`),
    number('done/s', 2, ([name]) => rateOf(rates?.done[name])),
    number('done', 3, ([, { done }]) => countOf(done)),
    number('failed', 1, ([, { failed }]) => someOf(sumOf(failed), 'warning')),
    number('lost', 2, ([, { lost }]) => someOf(lost, 'alarm')),
    number('aborted', 7, ([, { aborted }]) => someOf(aborted)),
    number('wait p50', 6, ([, { waitMs }]) => timeOf(waitMs.p50)),
    number('wait p95', 5, ([, { waitMs }]) => timeOf(waitMs.p95)),
    number('run p50', 6, ([, { runMs }]) => timeOf(runMs.p50)),
    number('run p95', 4, ([, { runMs }]) => timeOf(runMs.p95)),
    { title: '', rank: 1, cell: ([, { state }]) => stateOf(state) },
  ];
}

const ISOLATE_COLUMNS: readonly Column<IsolateStats>[] = [
  { title: 'isolate', rank: 0, cell: ({ name }) => name },
  { title: 'kind', rank: 4, cell: ({ kind }) => kind },
  number('pid', 2, ({ pid }) => (pid === undefined ? '' : `${pid}`)),
  number('holds', 3, ({ load }) => countOf(load)),
  number('handled', 5, ({ handled }) => countOf(handled)),
  number('restarts', 2, ({ restarts }) => someOf(restarts, 'warning')),
  number('MB', 3, ({ rssMb }) => countOf(rssMb)),
  { title: '', rank: 1, cell: ({ state }) => (state === 'idle' || state === 'busy' ? state : stateOf(state)) },
];

const TICKER_COLUMNS: readonly Column<Named<TickerStats>>[] = [
  { title: 'ticker', rank: 0, cell: ([name]) => name },
  number('ticks', 1, ([, { ticks }]) => countOf(ticks)),
  number('skipped', 2, ([, { skipped }]) => someOf(skipped, 'warning')),
  number('failed', 1, ([, { failed }]) => someOf(failed, 'warning')),
  number('late by', 3, ([, { driftMs }]) => spanOf(driftMs)),
  { title: '', rank: 1, cell: ([, { state }]) => stateOf(state) },
];

const RELAY_COLUMNS: readonly Column<Named<RelayStats>>[] = [
  { title: 'relay', rank: 0, cell: ([name]) => name },
  { title: 'store', rank: 2, cell: ([, { store }]) => store },
  number('answered', 2, ([, { sinceAnswerMs }]) => `${spanOf(sinceAnswerMs)} ago`),
  { title: '', rank: 1, cell: ([, { state }]) => (state === 'claiming' ? state : stateOf(state)) },
];

function number<R>(title: string, rank: number, cell: (row: R) => Cell): Column<R> {
  return { title, rank, isNumber: true, cell };
}

/** Without a buffer whoever waits does so for room. */
function waiting({ depth, capacity, pendingPuts, maxPendingPuts, isSaturated }: ChannelStats): Cell {
  if (capacity === Number.MAX_SAFE_INTEGER) return countOf(depth);
  const [waits, most] = capacity === 0 ? [pendingPuts, maxPendingPuts] : [depth, capacity];
  const text = `${countOf(waits)}/${countOf(most)}`;
  return isSaturated ? { text, tone: 'warning' } : text;
}

function conditionOf({ isPaused, isSaturated, capacity }: ChannelStats): Cell {
  if (isPaused) return { text: 'paused', tone: 'warning' };
  if (isSaturated) return { text: 'nearly full', tone: 'warning' };
  return capacity === Number.MAX_SAFE_INTEGER ? { text: 'durable', tone: 'faint' } : '';
}

const ALARMING: ReadonlySet<string> = new Set(['dead', 'lost', 'unreachable', 'stopped']);
const FAINT: ReadonlySet<string> = new Set(['elsewhere', 'disabled', 'idle']);

/** What runs as it should says nothing of it. */
function stateOf(state: string): Cell {
  if (state === 'running') return '';
  if (ALARMING.has(state)) return { text: state, tone: 'alarm' };
  return { text: state, tone: FAINT.has(state) ? 'faint' : 'warning' };
}

function sumOf(counts: Readonly<Record<string, number | undefined>>): number {
  return Object.values(counts).reduce<number>((sum, count) => sum + (count ?? 0), 0);
}

/** Nothing for none. */
function someOf(count: number | undefined, tone?: Tone): Cell {
  if (count === undefined || count === 0) return '';
  return tone === undefined ? countOf(count) : { text: countOf(count), tone };
}

function countOf(count: number): string {
  if (count < 100_000) return `${count}`;
  return count < 10_000_000 ? `${Math.floor(count / 1_000)}k` : `${Math.floor(count / 1_000_000)}M`;
}

function rateOf(rate: number | undefined): string {
  if (rate === undefined) return '';
  return rate > 0 && rate < 10 ? rate.toFixed(1) : countOf(Math.round(rate));
}

/** Nothing where nothing was measured. */
function timeOf(ms: number): string {
  if (!(ms > 0)) return '';
  return ms < 10 ? `${ms.toFixed(1)} ms` : spanOf(ms);
}

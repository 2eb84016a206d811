import { expect, it } from 'vitest';
import { figuresOf } from './figures.js';
import type { ChannelStats, IsolateStats, WorkersStats, WorkerStats } from './stats.js';

const NO_TIMES = { p50: 0, p95: 0, p99: 0 };

function pointsOf(name: string, given: Partial<WorkerStats>) {
  const worker = {
    state: 'running',
    failed: {},
    isolates: [],
    waitMs: NO_TIMES,
    runMs: NO_TIMES,
    ...given,
  } as unknown as WorkerStats;
  const stats: WorkersStats = { state: 'running', channels: {}, workers: { Doer: worker }, tickers: {}, relays: {} };
  const points = figuresOf(stats).find((figure) => figure.name === `nestjs_workers.${name}`)?.points ?? [];
  return points.map(({ labels, value }) => `${labels['state'] ?? ''} ${value}`.trim());
}

it('says that a worker has no isolate where all of them died, and nothing where it is to have none', () => {
  const none = ['starting 0', 'idle 0', 'busy 0', 'leaving 0', 'dead 0'];
  expect(pointsOf('worker.isolates', { isolateDeaths: 3 })).toEqual(none);
  expect(pointsOf('worker.isolates', { isolateDeaths: 3, state: 'paused' })).toEqual(none);
  for (const state of ['idle', 'stopped', 'elsewhere'] as const)
    expect([state, pointsOf('worker.isolates', { isolateDeaths: 0, state })]).toEqual([state, []]);
  expect(pointsOf('worker.isolates', {})).toEqual([]);
  const isolates = [{ state: 'idle', restarts: 7 } as IsolateStats];
  expect(pointsOf('worker.isolates', { isolates, isolateDeaths: 0 })).toContain('idle 1');
});

it('counts isolates that died, and not those that were renewed', () => {
  const isolates = [{ state: 'idle', restarts: 7 } as IsolateStats];
  expect(pointsOf('worker.isolate_restarts', { isolates, isolateDeaths: 2 })).toEqual(['2']);
  expect(pointsOf('worker.isolate_restarts', { isolateDeaths: 3 })).toEqual(['3']);
  expect(pointsOf('worker.isolate_restarts', {})).toEqual([]);
});

it('leaves out the bounds of a channel that has none, and nothing else of it', () => {
  const channel = { depth: 3, pendingPuts: 0, drops: {}, accepted: 4, oldestAgeMs: 0, isPaused: false };
  const bounded = { ...channel, capacity: 0, maxPendingPuts: 8 } as ChannelStats;
  const boundless = { ...channel, capacity: Number.MAX_SAFE_INTEGER, maxPendingPuts: Number.MAX_SAFE_INTEGER };
  const channels = { bounded, durable: boundless as unknown as ChannelStats };
  const figures = figuresOf({ state: 'running', channels, workers: {}, tickers: {}, relays: {} });
  const of = (name: string) =>
    figures
      .find((figure) => figure.name === `nestjs_workers.channel.${name}`)
      ?.points.map(({ labels, value }) => `${labels['channel']} ${value}`);
  expect([of('capacity'), of('max_pending_puts')]).toEqual([['bounded 0'], ['bounded 8']]);
  expect([of('depth'), of('accepted')]).toEqual([
    ['bounded 3', 'durable 3'],
    ['bounded 4', 'durable 4'],
  ]);
});

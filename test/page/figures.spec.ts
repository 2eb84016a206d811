import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { niceTop, pathOf } from '../../libs/dashboard/page/src/curve/curve.js';
import { BEGIN, END, readDiagram } from '../../libs/dashboard/page/src/diagram/mermaid.js';
import { History } from '../../libs/dashboard/page/src/feed/history.js';
import { fullnessOf, quantile, waitingIn } from '../../libs/dashboard/page/src/feed/point.js';
import type { ChannelFigures, Snapshot } from '../../libs/dashboard/page/src/feed/wire.js';
import { hashOf, type Route, routeOf } from '../../libs/dashboard/page/src/view/route.js';
import { duration, rate } from '../../libs/dashboard/page/src/view/words.js';

it('finds every chapter again by its address, whatever its name', () => {
  const text = fc.string({ minLength: 1, unit: 'grapheme' });
  const routes: fc.Arbitrary<Route> = fc.oneof(
    fc.constant<Route>({ chapter: 'overview' }),
    fc.constant<Route>({ chapter: 'happenings' }),
    fc.record({
      chapter: fc.constantFrom('channel', 'worker', 'ticker', 'letter', 'workflow'),
      name: text,
    }) as fc.Arbitrary<Route>,
    fc.record({ chapter: fc.constant('letters' as const), channel: fc.option(text, { nil: undefined }) }),
    fc.record({ chapter: fc.constant('instance' as const), name: text, id: text }),
  );
  fc.assert(
    fc.property(routes, (route) => {
      expect(routeOf(hashOf(route))).toEqual(route);
    }),
  );
  for (const hash of ['', '#', '#/', '#/%E0%A4%A', '#/constructor/x', '#/workers'])
    expect(routeOf(hash)).toEqual({ chapter: 'overview' });
});

it('knows the value below which a share of the counts lies', () => {
  const bounds = [1, 10, 100];
  expect(quantile([0, 0, 0, 0], bounds, 0.5)).toBeNaN();
  expect(quantile([0, 10, 0, 0], bounds, 0.5)).toBeCloseTo(5.5);
  expect(quantile([5, 0, 5, 0], bounds, 0.95)).toBeCloseTo(91);
  expect(quantile([0, 0, 0, 3], bounds, 0.5)).toBe(100);
});

it('counts who waits for room among those who wait, and is full when no more may', () => {
  const of = (figures: Partial<ChannelFigures>) => {
    const channel = { depth: 0, capacity: 0, pendingPuts: 0, maxPendingPuts: 8, ...figures } as ChannelFigures;
    return [waitingIn(channel), fullnessOf(channel)];
  };
  expect(of({ pendingPuts: 6 })).toEqual([6, 0.75]);
  expect(of({ capacity: 4, depth: 4, pendingPuts: 2 })).toEqual([6, 1]);
  expect(of({ capacity: Number.MAX_SAFE_INTEGER, stored: { ready: 9, delayed: 0 } })).toEqual([9, 0.2]);
});

it('begins the curves anew with another process, also one of the same name and number', () => {
  const history = new History([]);
  const add = (seconds: number, uptimeSeconds: number) => {
    const host = { name: 'pod', pid: 1, uptimeSeconds, rssMb: 0, heapMb: 0 };
    const stats = { state: 'running', channels: {}, workers: {}, tickers: {}, relays: {} } as const;
    history.add({ at: seconds * 1_000, host, stats, distributions: {} } satisfies Snapshot);
    return history.points.length;
  };
  expect([add(1, 50), add(2, 51), add(3, 52), add(6, 2), add(7, 3)]).toEqual([0, 1, 2, 0, 1]);
});

it('draws gaps as gaps, and a scale that ends in a round number above all values', () => {
  const frame = { fromMs: 0, toMs: 100, top: 10 };
  expect(pathOf({ atMs: [0, 50, 100], values: [1, Number.NaN, 2] }, frame).match(/M/g)).toHaveLength(2);
  fc.assert(
    fc.property(fc.double({ min: 0.001, max: 1e9, noNaN: true }), (value) => {
      expect(niceTop(value, 0.001)).toBeGreaterThanOrEqual(value * 0.999);
      expect(niceTop(value, 0.001)).toBeLessThanOrEqual(value * 5.1);
    }),
  );
});

it('reads the diagrams that workflows draw', () => {
  const text = 'stateDiagram-v2\n  state "<b>new" as s1\n  [*] --> s1: (3)\n  s1 --> s1: go / gone (2)\n  s1 --> [*]';
  expect(readDiagram(text)).toEqual({
    states: [
      { id: 's1', label: '<b>new' },
      { id: BEGIN, label: '' },
      { id: END, label: '' },
    ],
    ways: [
      { from: BEGIN, to: 's1', said: 'begins (3)' },
      { from: 's1', to: 's1', said: 'go / gone (2)' },
      { from: 's1', to: END, said: 'completes' },
    ],
  });
});

it('says numbers as people read them', () => {
  expect([0, 0.04, 0.5, 12.3, 4_321].map(rate)).toEqual(['0/s', '<0.1/s', '0.5/s', '12/s', '4,321/s']);
  expect([Number.NaN, 0, 0.44, 7.26, 812, 4_400, 65_000, 3_600_000, 90_000_000].map(duration)).toEqual([
    '–',
    '0 ms',
    '0.4 ms',
    '7.3 ms',
    '812 ms',
    '4.4 s',
    '1 min 5 s',
    '1 h',
    '1 d 1 h',
  ]);
});

import type { Now } from '../chapter/chapter.js';
import { fullnessOf, waitingIn } from '../feed/point.js';
import type { ChannelFigures, IsolateFigures, TickerFigures, WorkerFigures } from '../feed/wire.js';
import { h, mark, say, set } from '../view/element.js';
import { hashOf } from '../view/route.js';
import { count, duration, rate } from '../view/words.js';

/** As high as the style sheet makes them. */
export const HEIGHT = { channel: 58, take: 22, worker: 62, ticker: 58 } as const;
const MOST_ISOLATES = 8;

/** A node of the graph; it shows what it is given. */
export interface Node {
  readonly root: HTMLElement;
  show(now: Now): void;
}

export function channelNode(name: string, kind: 'memory' | 'durable'): Node {
  const [figure, flow, fill] = [h('b'), h('span'), h('span', { class: 'fill' })];
  const badge = kind === 'durable' ? h('span', { class: 'badge' }, 'durable') : undefined;
  const root = h(
    'a',
    { class: 'node channel', href: hashOf({ chapter: 'channel', name }), 'data-kind': kind },
    h('span', { class: 'top' }, h('span', { class: 'name', title: name }, name), badge),
    h('span', { class: 'bottom' }, figure, flow),
    h('span', { class: 'bar' }, fill),
  );
  return {
    root,
    show: ({ snapshot, point }) => {
      const channel = snapshot.stats.channels[name];
      if (channel === undefined) return;
      say(figure, filling(channel));
      say(flow, rate(point?.channels[name]?.inPerSecond ?? 0));
      mark(root, 'state', channel.isPaused ? 'paused' : channel.isSaturated ? 'full' : undefined);
      scale(fill, fullnessOf(channel));
    },
  };
}

/** Between a channel and a worker: how often that takes from it. */
export function takeNode(worker: string): Node {
  const root = h('div', { class: 'take' });
  return {
    root,
    show: ({ point }) => {
      const perSecond = point?.workers[worker]?.perSecond ?? 0;
      say(root, perSecond === 0 ? '' : rate(perSecond));
      mark(root, 'still', perSecond === 0 ? '' : undefined);
    },
  };
}

/** @param where its handler runs */
export function runnerNode(kind: 'worker' | 'ticker', name: string, where: string): Node {
  const [figure, pace, permits] = [h('b'), h('span'), h('span', { class: 'fill' })];
  const isolates = h('span', { class: 'isolates' });
  const root = h(
    'a',
    { class: `node ${kind}`, href: hashOf({ chapter: kind, name }) },
    h(
      'span',
      { class: 'top' },
      h('span', { class: 'name', title: name }, name),
      isolates,
      h('span', { class: 'where' }, where),
    ),
    h('span', { class: 'bottom' }, figure, pace),
    h('span', { class: 'bar' }, permits),
  );
  return {
    root,
    show: ({ snapshot: { stats }, point }) => {
      const runner = kind === 'worker' ? stats.workers[name] : stats.tickers[name];
      if (runner === undefined) return;
      const { state, inFlight, concurrency } = runner;
      const { run95 = Number.NaN, perSecond = 0 } = point?.workers[name] ?? {};
      say(figure, state === 'running' ? running(runner) : state);
      say(pace, kind === 'worker' ? duration(run95) : rate(perSecond));
      mark(root, 'state', state === 'running' ? undefined : state);
      scale(permits, concurrency === 0 ? 0 : inFlight / concurrency);
      showIsolates(isolates, runner.isolates.slice(0, MOST_ISOLATES));
    },
  };
}

/** What lies in it, and what would go in. */
function filling(channel: ChannelFigures): string {
  const waiting = waitingIn(channel);
  if (channel.isPaused) return `paused, ${count(waiting)} wait`;
  const isBounded = channel.stored === undefined && channel.capacity < Number.MAX_SAFE_INTEGER;
  return isBounded && channel.capacity > 0 && channel.pendingPuts === 0
    ? `${count(waiting)} of ${count(channel.capacity)}`
    : `${count(waiting)} wait`;
}

function running(runner: WorkerFigures | TickerFigures): string {
  return 'ticks' in runner
    ? `${count(runner.ticks)} ticks`
    : `${count(runner.inFlight)} of ${count(runner.concurrency)} run`;
}

function showIsolates(dots: HTMLElement, isolates: readonly IsolateFigures[]): void {
  while (dots.childElementCount > isolates.length) dots.lastElementChild?.remove();
  for (const [nth, { name, kind, state }] of isolates.entries()) {
    const dot = dots.children[nth] ?? dots.appendChild(h('i', { class: 'isolate' }));
    mark(dot as HTMLElement, 'state', state);
    set(dot, 'title', `${name}: ${kind}, ${state}`);
  }
}

function scale(fill: HTMLElement, share: number): void {
  const transform = `scaleX(${Math.min(1, share).toFixed(3)})`;
  if (fill.style.transform !== transform) fill.style.transform = transform;
}

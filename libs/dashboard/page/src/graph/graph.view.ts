import type { Now } from '../chapter/chapter.js';
import { type ChannelFigures, type House, type TickerFigures, type WorkerFigures } from '../feed/wire.js';
import { fullnessOf, waitingIn } from '../feed/point.js';
import { h, mark, say, set, svg } from '../view/element.js';
import { hashOf } from '../view/route.js';
import { count, duration, rate } from '../view/words.js';
import { layoutOf, type Sizes } from './layout.js';
import type { Card, Link } from './parts.js';

/** As high as the style sheet makes them. */
const HEAD = 58;
const TAKE = 22;
const WORKER = 62;
const SIZES: Sizes = { leastWidth: 200, between: 72, gap: 28 };
const MOST_ISOLATES = 8;

/** A node that shows what it is given. */
interface Node {
  readonly root: HTMLElement;
  show(now: Now): void;
}

interface DrawnLink extends Link {
  readonly kind: 'out' | 'failures';
  readonly source: string;
}

/**
 * The topology: a card for each channel with the workers that take from it and their isolates, and one for each ticker; lines for what they
 * put, with how often. The nodes are links, in the order of the way.
 */
export class GraphView {
  readonly root = h('div', { class: 'graph' });
  private readonly lines = svg('svg', { class: 'lines', 'aria-hidden': 'true' });
  private readonly nodes: Node[] = [];
  private readonly cards = new Map<string, { readonly card: Card; readonly element: HTMLElement }>();
  private readonly links: readonly DrawnLink[];
  private drawn: { readonly link: DrawnLink; readonly line: SVGElement; readonly label: SVGElement }[] = [];
  private width = 0;

  constructor(house: House) {
    /** On which card a worker or ticker stands, and how deep. */
    const seats = new Map<string, { readonly card: string; readonly y: number }>();
    for (const { name, kind } of house.channels) {
      const workers = house.edges.filter(({ from, kind: how }) => how === 'in' && from === name).map(({ to }) => to);
      const key = `channel ${name}`;
      const element = h('div', { class: 'card' }, this.add(channelNode(name, kind)));
      for (const [nth, worker] of workers.entries()) {
        seats.set(worker, { card: key, y: HEAD + nth * (TAKE + WORKER) + TAKE + WORKER / 2 });
        element.append(this.add(takeNode(worker)), this.add(workerNode(worker, house)));
      }
      this.cards.set(key, { card: { key, height: HEAD + workers.length * (TAKE + WORKER) }, element });
    }
    for (const { name, dispatch } of house.tickers) {
      const key = `ticker ${name}`;
      seats.set(name, { card: key, y: HEAD / 2 });
      const element = h('div', { class: 'card' }, this.add(tickerNode(name, dispatch)));
      this.cards.set(key, { card: { key, height: HEAD }, element });
    }
    this.links = house.edges.flatMap(({ from, to, kind }): DrawnLink[] => {
      const seat = seats.get(from);
      if (kind === 'in' || seat === undefined) return [];
      const ends = { from: seat.card, fromY: seat.y, to: `channel ${to}`, toY: HEAD / 2 };
      return [{ key: `${kind} ${from} ${to}`, ...ends, kind, source: from }];
    });
    this.root.append(this.lines, ...[...this.cards.values()].map(({ element }) => element));
    new ResizeObserver(() => this.layOut()).observe(this.root);
  }

  show(now: Now): void {
    for (const node of this.nodes) node.show(now);
    for (const { link, line, label } of this.drawn) {
      const pace = now.point?.workers[link.source];
      const perSecond = (link.kind === 'failures' ? pace?.failedPerSecond : pace?.perSecond) ?? 0;
      set(line, 'stroke-width', (1.25 + Math.min(2.75, Math.log10(1 + perSecond))).toFixed(2));
      mark(line, 'still', perSecond === 0 ? '' : undefined);
      say(label, perSecond === 0 ? '' : rate(perSecond));
    }
  }

  private add<N extends Node>(node: N): HTMLElement {
    this.nodes.push(node);
    return node.root;
  }

  private layOut(): void {
    const width = this.root.clientWidth;
    if (width === 0 || width === this.width) return;
    this.width = width;
    const cards = [...this.cards.values()].map(({ card }) => card);
    const { height, places, ways } = layoutOf(cards, this.links, width, SIZES);
    this.root.style.height = `${height}px`;
    set(this.lines, 'viewBox', `0 0 ${width} ${height}`);
    this.lines.style.height = `${height}px`;
    for (const [key, { element }] of this.cards) {
      const place = places.get(key);
      if (place === undefined) continue;
      element.style.transform = `translate(${place.x}px, ${place.y}px)`;
      element.style.width = `${place.width}px`;
    }
    this.drawn = this.links.flatMap((link) => {
      const way = ways.get(link.key);
      if (way === undefined) return [];
      const line = svg('path', {
        d: way.path,
        class: 'line',
        'data-kind': link.kind,
        'marker-end': `url(#${link.kind})`,
      });
      const label = svg('text', {
        class: 'rate',
        'text-anchor': 'middle',
        x: `${way.label?.x ?? 0}`,
        y: `${way.label?.y ?? 0}`,
      });
      if (way.label === undefined) label.setAttribute('display', 'none');
      return [{ link, line, label }];
    });
    const drawings = this.drawn.flatMap(({ line, label }) => [line, label]);
    this.lines.replaceChildren(svg('defs', {}, arrow('out'), arrow('failures')), ...drawings);
  }
}

function arrow(kind: string): SVGElement {
  const size = { viewBox: '0 0 6 6', refX: '5.2', refY: '3', markerWidth: '7', markerHeight: '7' };
  const units = { markerUnits: 'userSpaceOnUse', orient: 'auto' };
  return svg(
    'marker',
    { id: kind, class: 'arrow', 'data-kind': kind, ...size, ...units },
    svg('path', { d: 'M0 0L6 3L0 6z' }),
  );
}

function channelNode(name: string, kind: 'memory' | 'durable'): Node {
  const [figure, flow, fill] = [h('b'), h('span'), h('span', { class: 'fill' })];
  const root = h(
    'a',
    { class: 'node channel', href: hashOf({ chapter: 'channel', name }), 'data-kind': kind },
    h(
      'span',
      { class: 'top' },
      h('span', { class: 'name', title: name }, name),
      kind === 'durable' ? h('span', { class: 'badge' }, 'durable') : undefined,
    ),
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

/** What lies in it, and what would go in. */
export function filling(channel: ChannelFigures): string {
  const waiting = waitingIn(channel);
  if (channel.isPaused) return `paused, ${count(waiting)} wait`;
  const isBounded = channel.stored === undefined && channel.capacity < Number.MAX_SAFE_INTEGER;
  return isBounded && channel.capacity > 0 && channel.pendingPuts === 0
    ? `${count(waiting)} of ${count(channel.capacity)}`
    : `${count(waiting)} wait`;
}

function takeNode(worker: string): Node {
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

function workerNode(name: string, house: House): Node {
  const { dispatch = '', isHere = true } = house.workers.find((worker) => worker.name === name) ?? {};
  const [figure, time, permits, isolates] = [
    h('b'),
    h('span'),
    h('span', { class: 'fill' }),
    h('span', { class: 'isolates' }),
  ];
  const root = h(
    'a',
    { class: 'node worker', href: hashOf({ chapter: 'worker', name }) },
    h(
      'span',
      { class: 'top' },
      h('span', { class: 'name', title: name }, name),
      isolates,
      h('span', { class: 'where' }, isHere ? dispatch : 'elsewhere'),
    ),
    h('span', { class: 'bottom' }, figure, time),
    h('span', { class: 'bar' }, permits),
  );
  return {
    root,
    show: ({ snapshot, point }) => {
      const worker = snapshot.stats.workers[name];
      if (worker === undefined) return;
      showRunning(root, figure, permits, isolates, worker);
      say(time, duration(point?.workers[name]?.run95 ?? Number.NaN));
    },
  };
}

function tickerNode(name: string, dispatch: string): Node {
  const [figure, time, permits, isolates] = [
    h('b'),
    h('span'),
    h('span', { class: 'fill' }),
    h('span', { class: 'isolates' }),
  ];
  const root = h(
    'a',
    { class: 'node ticker', href: hashOf({ chapter: 'ticker', name }) },
    h(
      'span',
      { class: 'top' },
      h('span', { class: 'name', title: name }, name),
      isolates,
      h('span', { class: 'where' }, dispatch),
    ),
    h('span', { class: 'bottom' }, figure, time),
    h('span', { class: 'bar' }, permits),
  );
  return {
    root,
    show: ({ snapshot, point }) => {
      const ticker = snapshot.stats.tickers[name];
      if (ticker === undefined) return;
      showRunning(root, figure, permits, isolates, ticker);
      if (ticker.state === 'running') say(figure, `${count(ticker.ticks)} ticks`);
      say(time, rate(point?.workers[name]?.perSecond ?? 0));
    },
  };
}

function showRunning(
  root: HTMLElement,
  figure: HTMLElement,
  permits: HTMLElement,
  isolates: HTMLElement,
  { state, inFlight, concurrency, isolates: those }: WorkerFigures | TickerFigures,
): void {
  say(figure, state === 'running' ? `${count(inFlight)} of ${count(concurrency)} run` : state);
  mark(root, 'state', state === 'running' ? undefined : state);
  scale(permits, concurrency === 0 ? 0 : inFlight / concurrency);
  const shown = those.slice(0, MOST_ISOLATES);
  while (isolates.childElementCount > shown.length) isolates.lastElementChild?.remove();
  for (const [nth, isolate] of shown.entries()) {
    const dot = isolates.children[nth] ?? isolates.appendChild(h('i', { class: 'isolate' }));
    mark(dot as HTMLElement, 'state', isolate.state);
    const title = `${isolate.name}: ${isolate.kind}, ${isolate.state}`;
    if (dot.getAttribute('title') !== title) dot.setAttribute('title', title);
  }
}

function scale(fill: HTMLElement, share: number): void {
  const transform = `scaleX(${Math.min(1, share).toFixed(3)})`;
  if (fill.style.transform !== transform) fill.style.transform = transform;
}

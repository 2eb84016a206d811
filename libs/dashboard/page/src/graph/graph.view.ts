import type { Now } from '../chapter/chapter.js';
import type { House } from '../feed/wire.js';
import { h, mark, say, set, svg } from '../view/element.js';
import { rate } from '../view/words.js';
import { arrow, labelAt, lineOf, put } from './drawing.js';
import { layoutOf, type Sizes } from './layout.js';
import { channelNode, HEIGHT, type Node, runnerNode, takeNode } from './nodes.js';
import type { Card, Link } from './parts.js';

const SIZES: Sizes = { leastWidth: 200, between: 72, gap: 28 };

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
  private latest: Now | undefined;

  constructor(house: House) {
    /** On which card a worker or ticker stands, and how deep. */
    const seats = new Map<string, { readonly card: string; readonly y: number }>();
    for (const { name, kind } of house.channels) {
      const workers = house.edges.filter(({ from, kind: how }) => how === 'in' && from === name).map(({ to }) => to);
      const key = `channel ${name}`;
      const element = h('div', { class: 'card' }, this.add(channelNode(name, kind)));
      let height: number = HEIGHT.channel;
      for (const worker of workers) {
        const { dispatch = '', isHere = true } = house.workers.find((one) => one.name === worker) ?? {};
        element.append(
          this.add(takeNode(worker)),
          this.add(runnerNode('worker', worker, isHere ? dispatch : 'elsewhere')),
        );
        height += HEIGHT.take + HEIGHT.worker;
        seats.set(worker, { card: key, y: height - HEIGHT.worker / 2 });
      }
      this.cards.set(key, { card: { key, height }, element });
    }
    for (const { name, dispatch } of house.tickers) {
      const key = `ticker ${name}`;
      seats.set(name, { card: key, y: HEIGHT.ticker / 2 });
      const element = h('div', { class: 'card' }, this.add(runnerNode('ticker', name, dispatch)));
      this.cards.set(key, { card: { key, height: HEIGHT.ticker }, element });
    }
    this.links = house.edges.flatMap(({ from, to, kind }): DrawnLink[] => {
      const seat = seats.get(from);
      if (kind === 'in' || seat === undefined) return [];
      const ends = { from: seat.card, fromY: seat.y, to: `channel ${to}`, toY: HEIGHT.channel / 2 };
      return [{ key: `${kind} ${from} ${to}`, ...ends, kind, source: from }];
    });
    this.root.append(this.lines, ...[...this.cards.values()].map(({ element }) => element));
    new ResizeObserver(() => this.layOut()).observe(this.root);
  }

  show(now: Now): void {
    this.latest = now;
    for (const node of this.nodes) node.show(now);
    this.showLines(now);
  }

  private showLines({ point }: Now): void {
    for (const { link, line, label } of this.drawn) {
      const pace = point?.workers[link.source];
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
      if (place !== undefined) put(element, place);
    }
    this.drawn = this.links.flatMap((link) => {
      const way = ways.get(link.key);
      if (way === undefined) return [];
      const label = labelAt(way.label ?? { x: 0, y: 0 });
      if (way.label === undefined) label.setAttribute('display', 'none');
      return [{ link, line: lineOf(way, link.kind), label }];
    });
    const drawings = this.drawn.flatMap(({ line, label }) => [line, label]);
    this.lines.replaceChildren(svg('defs', {}, arrow()), ...drawings);
    // Lines that are new say what those before them said, also on a page that is held still.
    if (this.latest !== undefined) this.showLines(this.latest);
  }
}

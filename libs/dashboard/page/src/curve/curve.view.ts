import { REACH_MS } from '../feed/history.js';
import type { Point } from '../feed/point.js';
import { h, say, set, svg } from '../view/element.js';
import { duration } from '../view/words.js';
import { type Frame, HEIGHT, largest, type Line, nearestTo, niceTop, pathOf, WIDTH } from './curve.js';

/** A curve that has just begun is not a dot at the end of five minutes. */
const LEAST_MS = 60_000;

/** One line of a curve. */
export interface Trace {
  readonly label: string;
  /** Its colour: what it means, as the style sheet knows it. */
  readonly tone: string;
  readonly of: (point: Point) => number | undefined;
}

interface Drawn {
  readonly trace: Trace;
  readonly path: SVGPathElement;
  readonly value: HTMLElement;
}

/** A figure over the last minutes. Its legend says what is now, or what was where the pointer is. */
export class CurveView {
  readonly root: HTMLElement;
  private readonly drawn: readonly Drawn[];
  private readonly top = h('span', { class: 'top' });
  private readonly from = h('span');
  private readonly plot: SVGSVGElement;
  private readonly cursor = svg('path', { class: 'cursor' });
  /** Where the pointer is, as a share of the width. */
  private pointed: number | undefined;
  private latest: { readonly lines: readonly Line[]; readonly frame: Frame } | undefined;

  /** @param least what the upper end of the scale is at least */
  constructor(
    private readonly title: string,
    traces: readonly Trace[],
    private readonly format: (value: number) => string,
    private readonly least: number,
  ) {
    this.drawn = traces.map((trace) => ({
      trace,
      path: svg('path', { class: 'trace', 'data-tone': trace.tone }),
      value: h('b'),
    }));
    const grid = svg('path', { class: 'grid', d: `M0 ${HEIGHT / 2}H${WIDTH}M0 1H${WIDTH}M0 ${HEIGHT - 1}H${WIDTH}` });
    this.plot = svg(
      'svg',
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img' },
      grid,
      ...this.drawn.map(({ path }) => path),
      this.cursor,
    );
    const legend = this.drawn.map(({ trace, value }) =>
      h('span', { class: 'key', 'data-tone': trace.tone }, `${trace.label} `, value),
    );
    this.root = h(
      'figure',
      { class: 'curve' },
      h('figcaption', {}, h('span', { class: 'title' }, title), h('span', { class: 'legend' }, ...legend)),
      h('div', { class: 'plot' }, this.plot, this.top),
      h('div', { class: 'axis', 'aria-hidden': 'true' }, this.from, h('span', {}, 'now')),
    );
    this.plot.addEventListener('pointermove', ({ offsetX }) => this.point(offsetX / this.plot.clientWidth));
    this.plot.addEventListener('pointerleave', () => this.point(undefined));
  }

  show(points: readonly Point[], nowMs: number): void {
    const atMs = points.map(({ at }) => at);
    const lines = this.drawn.map(({ trace }) => ({
      atMs,
      values: points.map((point) => trace.of(point) ?? Number.NaN),
    }));
    const begin = Math.min(atMs[0] ?? nowMs, nowMs - LEAST_MS);
    const frame = { fromMs: Math.max(begin, nowMs - REACH_MS), toMs: nowMs, top: niceTop(largest(lines), this.least) };
    this.latest = { lines, frame };
    for (const [nth, { path }] of this.drawn.entries()) set(path, 'd', pathOf(lines[nth] as Line, frame));
    say(this.top, this.format(frame.top));
    say(this.from, `${duration(frame.toMs - frame.fromMs)} ago`);
    this.tell();
  }

  private point(share: number | undefined): void {
    this.pointed = share;
    this.tell();
  }

  private tell(): void {
    if (this.latest === undefined) return;
    const { lines, frame } = this.latest;
    const [first] = lines;
    const nth =
      first === undefined
        ? -1
        : this.pointed === undefined
          ? first.values.length - 1
          : nearestTo(this.pointed, first, frame);
    const values = lines.map((line) => this.format(line.values[nth] ?? Number.NaN));
    for (const [which, { value }] of this.drawn.entries()) say(value, values[which] as string);
    const at = this.pointed === undefined ? undefined : first?.atMs[nth];
    const x = at === undefined ? undefined : ((at - frame.fromMs) / (frame.toMs - frame.fromMs)) * WIDTH;
    set(this.cursor, 'd', x === undefined ? '' : `M${x.toFixed(1)} 0V${HEIGHT}`);
    if (this.pointed !== undefined) return;
    const said = this.drawn.map(({ trace }, which) => `${trace.label} ${values[which]}`);
    set(this.plot, 'aria-label', `${this.title}, now: ${said.join(', ')}; the scale ends at ${this.format(frame.top)}`);
  }
}

import { arrow, labelAt, lineOf, put } from '../graph/drawing.js';
import { layoutOf, type Sizes } from '../graph/layout.js';
import { h, svg } from '../view/element.js';
import { BEGIN, readDiagram } from './mermaid.js';

const HEIGHT = 40;
const SIZES: Sizes = { leastWidth: 120, between: 56, gap: 30 };

/** A state diagram, drawn from its Mermaid text; what was given and what happened stands in a list below, readable at any width. */
export class DiagramView {
  readonly root = h('div', { class: 'diagram' });
  private readonly canvas = h('div', { class: 'graph' });
  private readonly legend = h('ol', { class: 'ways' });
  private text = '';
  private width = 0;

  constructor() {
    this.root.append(this.canvas, this.legend);
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  show(mermaid: string): void {
    if (mermaid === this.text) return;
    this.text = mermaid;
    this.width = 0;
    this.draw();
  }

  private draw(): void {
    const width = this.canvas.clientWidth;
    if (width === 0 || width === this.width || this.text === '') return;
    this.width = width;
    const { states, ways } = readDiagram(this.text);
    const cards = states
      .toSorted((one, other) => rank(one.id) - rank(other.id))
      .map(({ id }) => ({ key: id, height: HEIGHT }));
    const links = ways.map(({ from, to }, nth) => ({ key: String(nth), from, to, fromY: HEIGHT / 2, toY: HEIGHT / 2 }));
    const layout = layoutOf(cards, links, width, SIZES);
    const lines = ways.flatMap(({ said }, nth) => {
      const way = layout.ways.get(String(nth));
      if (way === undefined) return [];
      const line = lineOf(way, 'out');
      return way.label === undefined || said === '' ? [line] : [line, labelAt(way.label, `${nth + 1}`)];
    });
    const drawing = svg(
      'svg',
      { class: 'lines', viewBox: `0 0 ${width} ${layout.height}` },
      svg('defs', {}, arrow()),
      ...lines,
    );
    drawing.style.height = `${layout.height}px`;
    this.canvas.style.height = `${layout.height}px`;
    const boxes = states.map(({ id, label }) => {
      const isEnd = label === '';
      const box = h(
        'div',
        { class: isEnd ? 'state end' : 'state', title: label },
        isEnd ? (id === BEGIN ? 'begins' : 'completed') : label,
      );
      const place = layout.places.get(id);
      if (place !== undefined) put(box, place);
      return box;
    });
    this.canvas.replaceChildren(drawing, ...boxes);
    this.legend.replaceChildren(
      ...ways.flatMap(({ said }, nth) => (said === '' ? [] : [h('li', { value: String(nth + 1) }, said)])),
    );
  }
}

/** Where it begins stands first and where it ends last. */
function rank(id: string): number {
  return id === BEGIN ? 0 : id.startsWith('[') ? 2 : 1;
}

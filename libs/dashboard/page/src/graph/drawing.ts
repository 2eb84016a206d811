import { svg } from '../view/element.js';
import type { Place, Spot, Way } from './layout.js';

// How what was laid out is drawn, of the graph and of a diagram alike.

/** What a line ends in, in its colour; among the `defs` of a drawing. */
export function arrow(): SVGElement {
  const size = { viewBox: '0 0 6 6', refX: '5.2', refY: '3', markerWidth: '7', markerHeight: '7' };
  const units = { markerUnits: 'userSpaceOnUse', orient: 'auto' };
  return svg('marker', { id: 'arrow', class: 'arrow', ...size, ...units }, svg('path', { d: 'M0 0L6 3L0 6z' }));
}

export function lineOf({ path }: Way, kind: 'out' | 'failures'): SVGElement {
  return svg('path', { class: 'line', d: path, 'data-kind': kind, 'marker-end': 'url(#arrow)' });
}

export function labelAt({ x, y }: Spot, text = ''): SVGElement {
  return svg('text', { class: 'rate', x: `${x}`, y: `${y}`, 'text-anchor': 'middle' }, text);
}

export function put(element: HTMLElement, { x, y, width }: Place): void {
  element.style.transform = `translate(${x}px, ${y}px)`;
  element.style.width = `${width}px`;
}

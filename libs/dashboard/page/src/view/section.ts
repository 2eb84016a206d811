import { type Child, h } from './element.js';

/** A part of a chapter, under a title of its own. */
export function section(title: string, ...content: Child[]): HTMLElement {
  return h('section', { 'aria-label': title }, h('h2', {}, title), ...content);
}

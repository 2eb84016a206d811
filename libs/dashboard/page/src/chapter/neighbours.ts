import type { House } from '../feed/wire.js';
import { h } from '../view/element.js';
import { hashOf, type Route } from '../view/route.js';

const WORDS = {
  from: { in: 'feeds', out: 'puts results on', failures: 'puts failures on' },
  to: { in: 'takes from', out: 'gets results of', failures: 'gets failures of' },
} as const;

/** What a channel, worker or ticker is linked with, as links. */
export function neighbours(house: House, name: string): HTMLElement {
  const lines = house.edges.flatMap(({ from, to, kind }) => [
    ...(from === name ? [line(WORDS.from[kind], to, kind === 'in' ? 'worker' : 'channel')] : []),
    ...(to === name ? [line(WORDS.to[kind], from, kind === 'in' ? 'channel' : senderOf(house, from))] : []),
  ]);
  return lines.length === 0
    ? h('p', { class: 'nothing' }, 'It stands alone.')
    : h('ul', { class: 'neighbours' }, ...lines);
}

function line(words: string, name: string, chapter: 'worker' | 'channel' | 'ticker'): HTMLElement {
  const route: Route = { chapter, name };
  return h('li', {}, `${words} `, h('a', { href: hashOf(route) }, name));
}

function senderOf(house: House, name: string): 'worker' | 'ticker' {
  return house.tickers.some((ticker) => ticker.name === name) ? 'ticker' : 'worker';
}

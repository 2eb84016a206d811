import type { ChannelFigures, Snapshot } from '../feed/wire.js';
import { h, say } from '../view/element.js';
import { hashOf } from '../view/route.js';
import { Table } from '../view/table.js';
import { count, duration, plain } from '../view/words.js';

interface Durable extends ChannelFigures {
  readonly name: string;
}

/** Durable channels over all hosts, and the relays that fetch from their stores. */
export class Durables {
  readonly root: HTMLElement;
  private readonly relays = h('p', { class: 'relays' });
  private readonly table = new Table<Durable>(
    'Durable channels, over all hosts',
    [
      { title: 'Channel', text: ({ name }) => name, href: ({ name }) => hashOf({ chapter: 'channel', name }) },
      { title: 'Ready', isNumber: true, text: ({ stored }) => count(stored?.['ready'] ?? 0) },
      { title: 'Delayed', isNumber: true, text: ({ stored }) => count(stored?.['delayed'] ?? 0) },
      { title: 'Claimed', isNumber: true, text: ({ stored }) => count(stored?.['claimed'] ?? 0) },
      {
        title: 'Dead',
        isNumber: true,
        text: ({ stored }) => count(stored?.['dead'] ?? 0),
        href: ({ name }) => hashOf({ chapter: 'letters', channel: name }),
        tone: ({ stored }) => ((stored?.['dead'] ?? 0) > 0 ? 'bad' : undefined),
      },
      {
        title: 'Lag',
        isNumber: true,
        text: ({ oldestAgeMs }) => duration(oldestAgeMs),
        tone: ({ oldestAgeMs }) => (oldestAgeMs > 10_000 ? 'warn' : undefined),
      },
      {
        title: 'State',
        text: ({ isPaused }) => (isPaused ? 'paused' : 'open'),
        tone: ({ isPaused }) => (isPaused ? 'warn' : undefined),
      },
    ],
    ({ name }) => name,
    'All messages are in the memory of this process.',
  );

  constructor() {
    this.root = h('div', {}, this.table.root, this.relays);
  }

  show({ stats }: Snapshot, durable: ReadonlySet<string>): void {
    const rows = Object.entries(stats.channels).flatMap(([name, channel]) =>
      durable.has(name) ? [{ name, ...channel }] : [],
    );
    this.table.show(rows);
    const relays = Object.entries(stats.relays).map(
      ([name, { state, store, sinceAnswerMs }]) =>
        `Relay ${plain(name)} on ${store}: ${state}, last answer ${duration(sinceAnswerMs)} ago.`,
    );
    say(this.relays, relays.join(' '));
  }
}

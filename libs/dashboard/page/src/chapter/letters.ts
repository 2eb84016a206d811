import { api, Refusal } from '../act/api.js';
import { button, confirmed, perform } from '../act/deed.js';
import type { House, Letter } from '../feed/wire.js';
import { h, say } from '../view/element.js';
import { hashOf } from '../view/route.js';
import { Table } from '../view/table.js';
import { count, dateAndTime, many, plain } from '../view/words.js';
import type { Chapter } from './chapter.js';

const PAGE = 50;

export interface LetterPage {
  readonly count: number;
  readonly letters: readonly Letter[];
}

/** The dead letters of a channel, or of all of them, the latest first. They are asked for again when their number changes. */
export function lettersChapter(house: House, channel: string | undefined): Chapter {
  const table = new Table<Letter>(
    'Dead letters',
    [
      { title: 'Letter', text: ({ id }) => id, href: ({ id }) => hashOf({ chapter: 'letter', name: id }) },
      { title: 'Channel', text: (letter) => letter.channel },
      { title: 'Why', text: ({ reason }) => plain(reason), tone: () => 'bad' },
      { title: 'Last said', text: ({ history }) => history.at(-1)?.message ?? '' },
      { title: 'Attempts', isNumber: true, text: ({ attempt }) => count(attempt) },
      { title: 'Dead since', text: ({ deadAt }) => dateAndTime(deadAt) },
    ],
    ({ id }) => id,
    'There are no dead letters.',
  );
  const summary = h('p', { class: 'summary', role: 'status' });
  let letters: readonly Letter[] = [];
  const load = async (before?: string): Promise<void> => {
    try {
      const query = new URLSearchParams({ limit: String(PAGE) });
      if (channel !== undefined) query.set('channel', channel);
      if (before !== undefined) query.set('before', before);
      const page = await api.get<LetterPage>(`dead-letters?${query.toString()}`);
      letters = before === undefined ? page.letters : [...letters, ...page.letters];
      table.show(letters);
      say(summary, page.count === 0 ? '' : `${count(letters.length)} of ${many(page.count, 'dead letter')}`);
      more.hidden = letters.length >= page.count;
    } catch (error) {
      say(summary, error instanceof Refusal ? error.message : String(error));
    }
  };
  const more = button('Show more', () => load(letters.at(-1)?.id));
  more.hidden = true;
  const deeds = house.isWritable && channel !== undefined ? allDeeds(channel, () => load()) : undefined;
  let dead: number | undefined;
  return {
    title: channel === undefined ? 'Dead letters' : `Dead letters of ${channel}`,
    root: h('div', { class: 'chapter' }, deeds, filters(house, channel), summary, table.root, more),
    show: ({ snapshot }) => {
      const channels = Object.entries(snapshot.stats.channels).filter(
        ([name]) => channel === undefined || name === channel,
      );
      const now = channels.reduce((total, [, { stored }]) => total + (stored?.['dead'] ?? 0), 0);
      if (now === dead) return;
      dead = now;
      void load();
    },
  };
}

function filters(house: House, channel: string | undefined): HTMLElement {
  const names = house.channels.filter(({ kind }) => kind === 'durable').map(({ name }) => name);
  const link = (name: string | undefined): HTMLElement =>
    h(
      'a',
      { href: hashOf({ chapter: 'letters', channel: name }), 'aria-current': name === channel ? 'true' : undefined },
      name ?? 'all channels',
    );
  return h('nav', { class: 'filters', 'aria-label': 'Channels' }, link(undefined), ...names.map(link));
}

function allDeeds(channel: string, after: () => Promise<void>): HTMLElement {
  const act = async (verb: 'retry' | 'discard', done: string): Promise<void> => {
    if (await perform(() => api.post(`dead-letters/${verb}`, { channel }), done)) await after();
  };
  const retry = button('Retry all', () => act('retry', 'They are tried again.'), 'main');
  const discard = button(
    'Discard all',
    async () => {
      const isMeant = await confirmed(
        `Discard every dead letter of ${channel}? They are gone for good then.`,
        'Discard all',
      );
      if (isMeant) await act('discard', 'They are gone.');
    },
    'danger',
  );
  return h('div', { class: 'deeds' }, retry, discard);
}

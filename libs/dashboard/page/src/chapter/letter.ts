import { api, Refusal } from '../act/api.js';
import { button, confirmed, perform } from '../act/deed.js';
import type { House, Letter, LetterFailure } from '../feed/wire.js';
import { h } from '../view/element.js';
import { hashOf } from '../view/route.js';
import { section } from '../view/section.js';
import { dateAndTime, plain, shownJson } from '../view/words.js';
import type { Chapter } from './chapter.js';
import type { LetterPage } from './letters.js';

/** One dead letter: what it is, what was tried, and what can be done. */
export function letterChapter(house: House, id: string): Chapter {
  const root = h('div', { class: 'chapter' }, h('p', { class: 'nothing' }, 'Looking for it.'));
  const load = async (): Promise<void> => {
    try {
      const { letters } = await api.get<LetterPage>(`dead-letters?id=${encodeURIComponent(id)}`);
      root.replaceChildren(...(letters[0] === undefined ? [gone(id)] : views(house, letters[0], load)));
    } catch (error) {
      root.replaceChildren(h('p', { class: 'nothing' }, error instanceof Refusal ? error.message : String(error)));
    }
  };
  void load();
  return { title: `Dead letter ${id}`, root, show: () => {} };
}

function gone(id: string): HTMLElement {
  const back = h('a', { href: hashOf({ chapter: 'letters', channel: undefined }) }, 'All dead letters');
  return h('p', { class: 'nothing' }, `Letter ${id} is not dead: it is tried again, done or discarded. `, back);
}

function views(house: House, letter: Letter, load: () => Promise<void>): HTMLElement[] {
  const { channel, reason, attempt, crashes, key, createdAt, deadAt, history, payload, unreadable, headers } = letter;
  const facts = h(
    'dl',
    { class: 'facts' },
    ...fact('Channel', h('a', { href: hashOf({ chapter: 'channel', name: channel }) }, channel)),
    ...fact('Dead because', h('span', { 'data-tone': 'bad' }, plain(reason))),
    ...fact('Attempts', crashes === 0 ? `${attempt}` : `${attempt}, of them ${crashes} crashed`),
    ...(key === undefined ? [] : fact('Key', key)),
    ...fact('Put', dateAndTime(createdAt)),
    ...fact('Dead since', dateAndTime(deadAt)),
  );
  const hidden = h(
    'p',
    { class: 'nothing' },
    'Payloads are not shown here. Mount the dashboard with redact to see them.',
  );
  const shown = unreadable ?? (payload === undefined ? undefined : shownJson(payload));
  return [
    ...(house.isWritable ? [deeds(letter, load)] : []),
    h(
      'div',
      { class: 'columns' },
      section('What it is', facts),
      section('What was tried', h('ol', { class: 'attempts' }, ...history.toReversed().map(attemptLine))),
      section('Payload', shown === undefined ? hidden : h('pre', {}, shown)),
      headers === undefined || Object.keys(headers).length === 0
        ? undefined
        : section('Headers', h('pre', {}, shownJson(headers))),
    ),
  ];
}

function fact(name: string, value: Node | string): HTMLElement[] {
  return [h('dt', {}, name), h('dd', {}, value)];
}

function attemptLine({ attempt, kind, message, host, at }: LetterFailure): HTMLElement {
  return h(
    'li',
    {},
    h(
      'p',
      {},
      h('b', {}, `Attempt ${attempt}`),
      h('span', { 'data-tone': 'bad' }, plain(kind)),
      h('time', {}, dateAndTime(at)),
    ),
    h('p', { class: 'said' }, message),
    h('p', { class: 'host' }, `on ${host}`),
  );
}

function deeds({ id, payload, isOriginal = false }: Letter, load: () => Promise<void>): HTMLElement {
  const act = async (deed: () => Promise<unknown>, done: string): Promise<void> => {
    if (await perform(deed, done)) await load();
  };
  const retry = button(
    'Retry',
    () => act(() => api.post('dead-letters/retry', { ids: [id] }), 'It is tried again.'),
    'main',
  );
  const discard = button(
    'Discard',
    async () => {
      if (!(await confirmed(`Discard letter ${id}? It is gone for good then.`, 'Discard'))) return;
      await act(() => api.post('dead-letters/discard', { ids: [id] }), 'It is gone.');
    },
    'danger',
  );
  const text = h('textarea', { rows: '10', spellcheck: 'false', 'aria-label': 'The payload, as JSON' });
  // What redact or JSON has changed is not to be put in the place of what was put.
  text.value = isOriginal ? shownJson(payload) : '';
  const caution = isOriginal
    ? undefined
    : h(
        'p',
        { class: 'nothing' },
        'What is shown is not all that was put, so it is not filled in. Write the whole payload.',
      );
  const send = button('Retry with this payload', () =>
    act(
      () => api.post(`dead-letters/${encodeURIComponent(id)}/edit`, { payload: JSON.parse(text.value) as unknown }),
      'It is tried again as you wrote it.',
    ),
  );
  const edit = h('details', { class: 'edit' }, h('summary', {}, 'Edit'), caution, text, send);
  return h('div', { class: 'deeds' }, retry, edit, discard);
}

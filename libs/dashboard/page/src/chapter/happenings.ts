import type { Happening } from '../feed/wire.js';
import { h } from '../view/element.js';
import { plain, timeOfDay } from '../view/words.js';
import type { Chapter } from './chapter.js';

const LOUD: Readonly<Record<string, string>> = {
  'workers.buried': 'bad',
  'workers.fault': 'bad',
  'workers.blocked': 'warn',
  'workers.orphans': 'warn',
  'workers.saturation': 'warn',
  'workers.starvation': 'warn',
  'workers.taken-over': 'warn',
  'workers.action': 'run',
};

/** What happened since the page was opened, the latest first. */
export class HappeningsList {
  readonly root = h('ol', { class: 'happenings' });
  private latest: Happening | undefined;

  constructor(private readonly most: number) {
    this.root.append(h('li', { class: 'nothing' }, 'Nothing since you came.'));
  }

  show(happenings: readonly Happening[]): void {
    if (happenings[0] === this.latest) return;
    [this.latest] = happenings;
    this.root.replaceChildren(...happenings.slice(0, this.most).map(lineOf));
  }
}

export function happeningsChapter(): Chapter {
  const list = new HappeningsList(200);
  return {
    title: 'Happenings',
    root: h('div', { class: 'chapter' }, list.root),
    show: ({ happenings }) => list.show(happenings),
  };
}

function lineOf(happening: Happening): HTMLElement {
  const { at, name, ...fields } = happening;
  const tone = fields['isCrash'] === true ? 'bad' : LOUD[name];
  return h(
    'li',
    {},
    h('time', {}, timeOfDay(at)),
    h('b', { 'data-tone': tone }, plain(name.replace(/^workers\./, ''))),
    h('span', {}, Object.entries(fields).flatMap(said).join(', ')),
  );
}

/** A field with its name; an error is told by its message, and what is not there is left out. */
function said([field, value]: [string, unknown]): string[] {
  if (value === undefined || value === null) return [];
  if (typeof value === 'number') return [`${field} ${Math.round(value * 10) / 10}`];
  if (typeof value === 'string') return [`${field} ${value}`];
  if (typeof value === 'object' && 'message' in value) return [String(value.message)];
  const json = JSON.stringify(value);
  return json === '{}' || json === '[]' ? [] : [`${field} ${json}`];
}

import { PauseControl } from '../act/control.js';
import type { House } from '../feed/wire.js';
import { h, hide } from '../view/element.js';
import { section } from '../view/section.js';
import type { Chapter, Now } from './chapter.js';
import type { Curves } from './curves.js';
import { type Figure, Figures } from './figures.js';
import { lossesIn, lossesTable } from './losses.js';
import { neighbours } from './neighbours.js';

/** What a portrait is made of beside what all of them have. */
export interface PortraitParts {
  readonly kind: 'Channel' | 'Worker' | 'Ticker';
  readonly name: string;
  /** Whether this process has a say in it. */
  readonly isHere: boolean;
  /** What may be done with it beside pausing it. */
  readonly controls: readonly HTMLElement[];
  readonly curves: Curves;
  /** What its losses are called. */
  readonly losses: string;
  readonly sections: readonly HTMLElement[];
  readonly look: Look;
}

/** How it is now, asked once for a frame; undefined when there is none of that name. */
export type Look = (now: Now) => Likeness | undefined;

interface Likeness {
  readonly figures: readonly Figure[];
  readonly isPaused: boolean;
}

/** The chapter of one channel, worker or ticker: what may be done with it, its figures and curves, where it stands, what it lost. */
export function portrait(house: House, { kind, name, look, ...parts }: PortraitParts): Chapter {
  const [figures, losses] = [new Figures(), lossesTable()];
  const pause = new PauseControl(kind === 'Channel' ? { channel: name } : { worker: name });
  const mayAct = house.isWritable && parts.isHere;
  const gone = h('p', { class: 'nothing' }, `No ${kind.toLowerCase()} is called that.`);
  const body = h(
    'div',
    { class: 'chapter' },
    mayAct ? h('div', { class: 'deeds' }, pause.root, ...parts.controls) : undefined,
    figures.root,
    parts.curves.root,
    h(
      'div',
      { class: 'columns' },
      section('Where it stands', neighbours(house, name)),
      section(parts.losses, losses.root),
      ...parts.sections,
    ),
  );
  return {
    title: `${kind} ${name}`,
    root: h('div', {}, gone, body),
    show: (now) => {
      const likeness = look(now);
      hide(gone, likeness !== undefined);
      hide(body, likeness === undefined);
      if (likeness === undefined) return;
      figures.show(likeness.figures);
      pause.show(likeness.isPaused);
      parts.curves.show(now);
      losses.show(lossesIn(now.snapshot, name));
    },
  };
}

import { h, mark, say } from '../view/element.js';

/** What a row of figures is made of: a name, and what it is now. */
export interface Figure {
  readonly title: string;
  readonly value: string;
  readonly note?: string;
  readonly tone?: 'bad' | 'warn' | undefined;
  readonly href?: string;
}

interface Shown {
  readonly value: HTMLElement;
  readonly note: HTMLElement;
}

/** A row of figures, the same ones each time. */
export class Figures {
  readonly root = h('dl', { class: 'figures' });
  private shown: readonly Shown[] = [];

  show(figures: readonly Figure[]): void {
    if (this.shown.length === 0) this.build(figures);
    for (const [nth, { value, note = '', tone }] of figures.entries()) {
      const shown = this.shown[nth];
      if (shown === undefined) continue;
      say(shown.value, value);
      mark(shown.value, 'tone', tone);
      say(shown.note, note);
    }
  }

  private build(figures: readonly Figure[]): void {
    this.shown = figures.map(({ href }) => ({
      value: href === undefined ? h('span', { class: 'value' }) : h('a', { class: 'value', href }),
      note: h('span', { class: 'note' }),
    }));
    const cells = this.shown.map(({ value, note }, nth) =>
      h('div', {}, h('dt', {}, figures[nth]?.title), h('dd', {}, value, note)),
    );
    this.root.replaceChildren(...cells);
  }
}

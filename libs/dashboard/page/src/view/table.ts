import { h, hide, say } from './element.js';

/** A column: its title, and what stands in a row. A number stands on the right. */
export interface Column<Row> {
  readonly title: string;
  readonly isNumber?: boolean;
  readonly text: (row: Row) => string;
  /** Where the text leads. */
  readonly href?: (row: Row) => string | undefined;
  /** What it means, as the style sheet knows it. */
  readonly tone?: (row: Row) => string | undefined;
}

interface Shown {
  readonly line: HTMLTableRowElement;
  readonly texts: readonly HTMLElement[];
}

/** Rows that come, change and go; a row that stays keeps its place in the document, and its focus. */
export class Table<Row> {
  readonly root: HTMLElement;
  private readonly body = h('tbody');
  private readonly none: HTMLElement;
  private readonly table: HTMLElement;
  private readonly shown = new Map<string, Shown>();

  constructor(
    label: string,
    private readonly columns: readonly Column<Row>[],
    private readonly keyOf: (row: Row) => string,
    nothing: string,
  ) {
    const heads = columns.map(({ title, isNumber }) =>
      h('th', { scope: 'col', class: isNumber ? 'number' : undefined }, title),
    );
    this.none = h('p', { class: 'nothing' }, nothing);
    this.table = h('table', { 'aria-label': label }, h('thead', {}, h('tr', {}, ...heads)), this.body);
    this.root = h('div', { class: 'table' }, this.table, this.none);
  }

  show(rows: readonly Row[]): void {
    hide(this.table, rows.length === 0);
    hide(this.none, rows.length > 0);
    const gone = new Set(this.shown.keys());
    for (const [nth, row] of rows.entries()) {
      const key = this.keyOf(row);
      gone.delete(key);
      const { line, texts } = this.shown.get(key) ?? this.add(key, row);
      if (this.body.children[nth] !== line) this.body.insertBefore(line, this.body.children[nth] ?? null);
      for (const [which, column] of this.columns.entries()) {
        const text = texts[which] as HTMLElement;
        say(text, column.text(row));
        const tone = column.tone?.(row) ?? '';
        if ((text.dataset['tone'] ?? '') !== tone) text.dataset['tone'] = tone;
      }
    }
    for (const key of gone) {
      this.shown.get(key)?.line.remove();
      this.shown.delete(key);
    }
  }

  private add(key: string, row: Row): Shown {
    const texts = this.columns.map(({ href }) => {
      const to = href?.(row);
      return to === undefined ? h('span') : h('a', { href: to });
    });
    const cells = texts.map((text, which) => {
      const { title = '', isNumber } = this.columns[which] ?? {};
      return h('td', { 'data-title': title, class: isNumber ? 'number' : undefined }, text);
    });
    const shown = { line: h('tr', {}, ...cells), texts };
    this.shown.set(key, shown);
    return shown;
  }
}

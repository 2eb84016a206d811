/** Draws a table: for a terminal, or as markdown that the formatter leaves alone. */
import type { Table } from './table.js';

export function forTerminal({ title, about, head, rows, notes }: Table): string {
  const drawn = grid(head, rows).map((cells) => `  ${cells.join('  ').trimEnd()}`);
  const rule = `  ${'─'.repeat(Math.max(...drawn.map((line) => line.length)) - 2)}`;
  return [title, `  ${about}`, rule, drawn[0], rule, ...drawn.slice(1), ...notes.map((note) => `  ${note}`), ''].join(
    '\n',
  );
}

export function asMarkdown({ title, about, head, rows, notes }: Table, level: 2 | 3): string {
  const [first, ...others] = grid(head, rows, 4).map((cells) => `| ${cells.join(' | ')} |`);
  const rule = `| ${widths(head, rows, 4)
    .map((width, column) => (isText(head, column) ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
    .join(' | ')} |`;
  const table = [first, rule, ...others].join('\n');
  const list = notes.map((note) => `- ${note}`).join('\n');
  return [`${'#'.repeat(level)} ${title}`, about, table, ...(list ? [list] : [])].join('\n\n');
}

/** Cells padded to their columns: numbers to the right, the first column and the bars to the left. */
function grid(head: readonly string[], rows: readonly (readonly string[])[], least = 0): string[][] {
  const width = widths(head, rows, least);
  return [head, ...rows].map((cells) =>
    head.map((_, column) => {
      const cell = cells[column] ?? '';
      return isText(head, column) ? cell.padEnd(width[column]!) : cell.padStart(width[column]!);
    }),
  );
}

function widths(head: readonly string[], rows: readonly (readonly string[])[], least: number): number[] {
  return head.map((title, column) => Math.max(least, title.length, ...rows.map((cells) => cells[column]?.length ?? 0)));
}

function isText(head: readonly string[], column: number): boolean {
  return column === 0 || head[column] === 'bar';
}

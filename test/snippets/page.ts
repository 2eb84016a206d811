import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The text of a page, named by its path in the repository. */
export function textOf(page: string): string {
  return readFileSync(join(root, page), 'utf8');
}

/** The rows of the first table under a heading of `page`, each a list of cells without backticks; the head is left out. */
export function rowsUnder(page: string, heading: string): string[][] {
  const lines = textOf(page).split(/\r?\n/);
  const start = lines.findIndex(
    (line) => /^#+ /.test(line) && line.replace(/^#+ /, '').replaceAll('`', '') === heading,
  );
  if (start < 0) throw new Error(`${page} has no heading "${heading}".`);
  const end = lines.findIndex((line, index) => index > start && /^#+ /.test(line));
  const table = lines.slice(start + 1, end < 0 ? undefined : end).filter((line) => line.startsWith('|'));
  return table.slice(2).map(cellsOf);
}

/** The words of a cell. */
export function words(cell: string | undefined): string[] {
  return (cell ?? '').split(/\s+/).filter((word) => word !== '');
}

function cellsOf(row: string): string[] {
  return row
    .slice(1, row.lastIndexOf('|'))
    .split(/(?<!\\)\|/)
    .map((cell) => cell.replaceAll('`', '').replaceAll('\\|', '|').trim());
}

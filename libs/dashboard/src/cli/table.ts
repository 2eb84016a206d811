import { harmless } from '@nestjs-workers/core/cli';
import { cut, padded, widthOf } from './width.js';

/** How a text stands out; plain where nothing is said. */
export type Tone = 'title' | 'faint' | 'warning' | 'alarm';

/** What stands in a row under a column. */
export type Cell = string | { readonly text: string; readonly tone: Tone };

export interface Column<R> {
  readonly title: string;
  /** 0 stays whatever happens; of the others the highest goes first when there is no room. */
  readonly rank: number;
  /** Numbers end at the same place. */
  readonly isNumber?: boolean;
  readonly cell: (row: R) => Cell;
}

/** A terminal, or paper. */
export interface Sheet {
  readonly columns: number;
  readonly hasColours: boolean;
}

const TONES: Readonly<Record<Tone, string>> = { title: '1', faint: '2', warning: '33', alarm: '31' };
const GAP = '  ';
const LEAST_NAME = 6;

/**
 * Rows as lines that are no wider than `sheet`: columns in which nothing stands are left out, then those that matter least, then the ends of
 * names.
 *
 * Promises: whatever the cells hold, nothing but text and the colours of here gets onto the sheet.
 */
export function table<R>(columns: readonly Column<R>[], rows: readonly R[], sheet: Sheet): string[] {
  const filled = columns
    .map(({ title, rank, isNumber = false, cell }): Filled => {
      const cells = rows.map((row) => harmlessly(cell(row)));
      return {
        title,
        rank,
        isNumber,
        cells,
        width: Math.max(widthOf(title), ...cells.map(({ text }) => widthOf(text))),
      };
    })
    .filter(({ rank, cells }) => rank === 0 || cells.some(({ text }) => text !== ''));
  const fitting = fitted(filled, sheet.columns);
  const header = fitting.map(({ title, width, isNumber }) => padded(cut(title, width), width, isNumber));
  const lines = rows.map((_, nth) =>
    fitting
      .map(({ cells, width, isNumber }) => {
        const { text, tone } = cells[nth] as Toned;
        return toned(padded(cut(text, width), width, isNumber), tone, sheet);
      })
      .join(GAP),
  );
  return [toned(header.join(GAP).trimEnd(), 'title', sheet), ...lines.map((line) => line.trimEnd())];
}

/** One line of text, as wide as there is room for. */
export function line(text: string, tone: Tone | undefined, sheet: Sheet): string {
  return toned(cut(harmless(text), sheet.columns), tone, sheet);
}

/** A column with what stands in it. */
interface Filled {
  readonly title: string;
  readonly rank: number;
  readonly isNumber: boolean;
  readonly cells: readonly Toned[];
  readonly width: number;
}

interface Toned {
  readonly text: string;
  readonly tone: Tone | undefined;
}

function harmlessly(cell: Cell): Toned {
  return typeof cell === 'string'
    ? { text: harmless(cell), tone: undefined }
    : { text: harmless(cell.text), tone: cell.tone };
}

function toned(text: string, tone: Tone | undefined, { hasColours }: Sheet): string {
  return tone === undefined || !hasColours || text.trim() === '' ? text : `\u001B[${TONES[tone]}m${text}\u001B[0m`;
}

function fitted(columns: readonly Filled[], room: number): Filled[] {
  let kept = [...columns];
  const excess = (): number => kept.reduce((sum, { width }) => sum + width + GAP.length, -GAP.length) - room;
  const [name] = kept;
  // A name may be as long as it likes: what it has beyond a third of the room is cut before anything is left out for it.
  if (name !== undefined && excess() > 0) {
    const width = Math.max(LEAST_NAME, Math.floor(room / 3), name.width - excess());
    kept = [{ ...name, width: Math.min(name.width, width) }, ...kept.slice(1)];
  }
  while (excess() > 0) {
    const rank = Math.max(...kept.map((column) => column.rank));
    if (rank === 0) break;
    kept.splice(
      kept.findLastIndex((column) => column.rank === rank),
      1,
    );
  }
  const [first, ...rest] = kept;
  if (first === undefined || excess() <= 0) return kept;
  return [{ ...first, width: Math.max(1, first.width - excess()) }, ...rest];
}

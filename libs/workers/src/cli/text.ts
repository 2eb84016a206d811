/** Rows as lines, each column as wide as its widest cell; those named in `right` end at the same place. */
export function aligned(rows: readonly (readonly string[])[], right: ReadonlySet<number> = new Set()): string[] {
  const widths: number[] = [];
  for (const row of rows) for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length);
  return rows.map((row) =>
    row
      .map((cell, at) => (right.has(at) ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

/** What others wrote, harmless for a terminal and on one line: nothing in it moves the cursor, colours, or turns the direction of reading. */
export function harmless(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) =>
    character === '\n' ? '\\n' : `\\u${character.codePointAt(0)?.toString(16).padStart(4, '0')}`,
  );
}

export function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

const UNITS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
] as const;

/** A span of time for people: the largest unit that it fills, to a tenth. */
export function spanOf(ms: number): string {
  const unit = UNITS.find(([size]) => ms >= size);
  if (unit === undefined) return `${Math.round(ms)} ms`;
  return `${Math.floor((ms / unit[0]) * 10) / 10} ${unit[1]}`;
}

/** `1 message`, `3 messages`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

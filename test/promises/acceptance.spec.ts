import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { rowsUnder, textOf } from '../snippets/page.js';
import { numbers } from '../support/application.js';

interface Row {
  readonly ids: readonly string[];
  readonly test: string;
  readonly title: string;
}

const page = 'docs/acceptance.md';
const ORIGINS = ['D-core workers', 'tasker-core worker', 'isolated-workers', 'ironflow'];
const rows = ORIGINS.flatMap((heading) => rowsUnder(page, heading).map(rowOf));
const proofs = rows.filter(({ test }) => test !== '-');

/** A row continues the one above where it has no id. */
function rowOf([ids = '', , test = '', title = '']: string[]): Row {
  return { ids: idsOf(ids), test, title };
}

/** `TK6-13` is TK6, TK7 ... TK13. */
function idsOf(cell: string): string[] {
  const [, kind = '', first = '', last = first] = /^([A-Z]+x?)(\d+)(?:-(\d+))?$/.exec(cell) ?? [];
  return kind === '' ? [] : numbers(Number(last) - Number(first) + 1).map((n) => `${kind}${Number(first) + n}`);
}

describe('the table of the cases we must pass', () => {
  it.each([
    ['DC', 17],
    ['DCx', 8],
    ['TK', 111],
    ['TKx', 11],
    ['IW', 75],
    ['IWx', 18],
    ['IF', 81],
    ['IFx', 12],
  ] as const)('has each %s once, 1 to %i', (kind, last) => {
    const listed = rows.flatMap(({ ids }) => ids).filter((id) => id.replace(/\d+$/, '') === kind);
    expect(listed.toSorted()).toEqual(
      numbers(last)
        .map((n) => `${kind}${n + 1}`)
        .toSorted(),
    );
  });

  it('has nothing else: each row has ids that can be read, or goes on with the row above', () => {
    const cells = ORIGINS.flatMap((heading) => rowsUnder(page, heading));
    expect(cells.filter(([ids = '']) => ids !== '' && idsOf(ids).length === 0)).toEqual([]);
  });

  it.each(proofs)('$ids: $test contains "$title"', ({ test, title }) => {
    expect(existsSync(fileURLToPath(new URL(`../../${test}`, import.meta.url)))).toBe(true);
    expect(textOf(test)).toContain(title);
  });

  it('gives a reason where it names no test', () => {
    const reasons = rows.filter(({ test }) => test === '-').map(({ title }) => title);
    expect(reasons.filter((reason) => reason.split(' ').length < 3)).toEqual([]);
  });
});

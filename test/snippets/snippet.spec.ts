import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { compile } from './compile.js';
import { isRun, snippetsOf } from './snippet.js';

it('takes each block for a module and keeps its line numbers', () => {
  const [first, second] = snippetsOf(
    'page.md',
    '# Title\n```ts\n// a.ts\nexport const a = 1;\n```\n\n```ts\nconst b = 2;\n```\n',
  );
  expect(first).toMatchObject({ page: 'page.md', line: 2, file: 'a.ts' });
  expect(second).toMatchObject({ line: 7, file: 'line-7.ts' });
  expect(second!.code.split('\n')[7]).toBe('const b = 2;');
});

it('joins a block that continues to the one before, hidden in a comment or not', () => {
  const [only, ...rest] = snippetsOf('page.md', '<!--\n```ts\nlet a = 1;\n```\n-->\ntext\n```ts continue\na++;\n```\n');
  expect(rest).toEqual([]);
  expect(only!.code.split('\n')).toEqual(['', '', 'let a = 1;', '', '', '', '', 'a++;']);
});

it.for([
  ['await go();', true],
  ['const a = await go();', true],
  ['assert.equal(1, 1);', true],
  ['async function go() {\n  await gone();\n}', false],
] as const)('runs %j: %s', ([code, expected]) => {
  expect(isRun(snippetsOf('page.md', `\`\`\`ts\n${code}\n\`\`\``)[0]!)).toBe(expected);
});

it('does not run what says why not', () => {
  expect(isRun(snippetsOf('page.md', '```ts no-run it listens for ever\nawait listen();\n```')[0]!)).toBe(false);
});

it.for([
  ['```ts no-run\n```', 'page.md:1: "no-run" needs a reason'],
  ['```ts contniue\n```', 'page.md:1: "contniue" is not a word'],
  ['\n```ts continue\n```', 'page.md:2: there is no block before it'],
  ['```ts\nlet a;', 'page.md:1: this block is never closed'],
] as const)('refuses %j', ([markdown, complaint]) => {
  expect(() => snippetsOf('page.md', markdown)).toThrow(complaint);
});

it('names page and line of what does not compile', () => {
  const folder = mkdtempSync(join(tmpdir(), 'snippets-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const snippets = snippetsOf('page.md', "text\n```ts\nexport const a: number = 'one';\n```\n");
  expect(compile(snippets, folder)).toEqual(["page.md:3:14 TS2322: Type 'string' is not assignable to type 'number'."]);
});

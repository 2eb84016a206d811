import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { compile, compiled } from './compile.js';
import { isRun, snippetsOf } from './snippet.js';

/**
 * What the README and the docs show compiles and runs: each snippet that does something gets a Node process of its own and
 * must come to its end there by itself, with exit code 0. Node rather than the test runner, because threads and child
 * processes need files that Node can load, and because that is where the reader will try it.
 */
const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = fileURLToPath(new URL('.generated', import.meta.url));

const snippets = pages().flatMap((page) => snippetsOf(page, readFileSync(join(root, page), 'utf8')));
const complaints = compile(snippets, folder);

describe.for(pages())('%s', (page) => {
  const ours = snippets.filter((snippet) => snippet.page === page);

  it('compiles', () => {
    expect(complaints.filter((complaint) => complaint.startsWith(`${page}:`))).toEqual([]);
  });

  it.concurrent.for(ours.filter(isRun))('runs what stands at line $line', async (snippet) => {
    const args = ['--enable-source-maps', compiled(snippet, folder)];
    await promisify(execFile)(process.execPath, args, { cwd: root, timeout: 25_000 });
  });
});

it('leaves nothing uncompiled', () => {
  expect(complaints.filter((complaint) => !pages().some((page) => complaint.startsWith(`${page}:`)))).toEqual([]);
});

function pages(): string[] {
  const docs = existsSync(join(root, 'docs'))
    ? readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    : [];
  const readmes = ['README.md', 'libs/workers/README.md', 'libs/outbox/README.md', 'libs/workflows/README.md'];
  return [...readmes, ...docs.map((path) => `docs/${path.replaceAll('\\', '/')}`)]
    .filter((path) => path.endsWith('.md') && existsSync(join(root, path)))
    .toSorted();
}

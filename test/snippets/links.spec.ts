import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { textOf } from './page.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map(
  (path) => `docs/${path.replaceAll('\\', '/')}`,
);
const readmes = [
  'README.md',
  ...['workers', 'outbox', 'workflows', 'dashboard'].map((name) => `libs/${name}/README.md`),
];
const pages = [...readmes, 'CONTRIBUTING.md', 'CHANGELOG.md', ...docs].filter((path) => path.endsWith('.md'));

it.for(pages)('%s: every link leads to a file', (page) => {
  const links = [...textOf(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, link]) => link as string);
  expect(links.filter((link) => !existsSync(join(root, dirname(page), link)))).toEqual([]);
});

it('the README shows code before line 30 and fits one screen of prose', () => {
  const lines = textOf('README.md')
    .replace(/<!--.*?-->\n/s, '')
    .split('\n');
  expect(lines.findIndex((line) => line.startsWith('```ts'))).toBeLessThan(29);
  expect(lines.length).toBeLessThan(90);
});

it.for([
  ['docs/tour.md', 'libs/workers/src'],
  ['docs/tour-outbox.md', 'libs/outbox/src'],
  ['docs/tour-workflows.md', 'libs/workflows/src'],
  ['docs/tour-dashboard.md', 'libs/dashboard/src'],
  ['docs/tour-dashboard.md', 'libs/dashboard/page/src'],
] as const)('%s names every source file once', ([tour, src]) => {
  const files = readdirSync(join(root, src), { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts') && !/\.(spec|contract|test-d)\.ts$|fixtures\//.test(path));
  const links = [...textOf(tour).matchAll(/\]\(\.\.\/([^)]+\.ts)\)/g)].map(([, path]) => path as string);
  const named = links.filter((path) => path.startsWith(`${src}/`)).map((path) => path.slice(src.length + 1));
  expect(named.toSorted()).toEqual(files.toSorted());
});

it('the list of decisions names each of them', () => {
  const decisions = readdirSync(join(root, 'docs/decisions')).filter((name) => /^\d{4}-/.test(name));
  const named = [...textOf('docs/decisions/README.md').matchAll(/\]\((\d{4}-[^)]+)\)/g)].map(([, name]) => name);
  expect(named).toEqual(decisions.toSorted());
});

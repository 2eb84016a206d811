import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile, FORMATS, TYPED } from './formats.js';
import { npm, Tarballs } from './tarball.js';

const run = promisify(execFile);

/** No driver of any store. */
const WITHOUT = { without: ['pg'] };

describe('the tarball of @nestjs-workers/outbox', () => {
  let tarballs: Tarballs;

  beforeAll(async () => {
    tarballs = await Tarballs.pack('@nestjs-workers/core', '@nestjs-workers/outbox');
  });

  afterAll(() => tarballs.remove());

  it('carries the build, the page, the licence and no tests', () => {
    const contents = tarballs.contentsOf('@nestjs-workers/outbox');
    const parts = ['index', 'postgres/index', 'sqlite/index', 'testing/index'].flatMap((part) => [
      `dist/${part}.js`,
      `dist/${part}.d.ts`,
    ]);
    expect(contents).toEqual(
      expect.arrayContaining(['LICENSE', 'README.md', 'package.json', 'dist/cli/index.js', ...parts]),
    );
    expect(contents.filter((path) => /\.(spec|contract|test-d)\.|\/fixtures\/|\.tsbuildinfo$/.test(path))).toEqual([]);
  });

  it.for(['esm', 'cjs'])(
    'works in memory, with no driver installed, in an application of format %s',
    async (format) => {
      const app = await tarballs.installInto(`durable-${format}`, WITHOUT);
      const { stdout, stderr } = await run(process.execPath, ['main.js'], { cwd: app, timeout: 50_000 });
      expect({ stdout, stderr }).toEqual({ stdout: '{"kind":"memory","answer":42}\n', stderr: '' });
    },
  );

  it.for(['esm', 'cjs'])(
    'works on SQLite in an application of format %s, and npx looks after the file',
    async (format) => {
      const app = await tarballs.installInto(`durable-${format}`, { ...WITHOUT, also: ['libsql'] });
      const { stdout } = await run(process.execPath, ['main.js', 'numbers.db'], { cwd: app, timeout: 50_000 });
      expect(stdout).toBe('{"kind":"sqlite","answer":42}\n');
      const said = await npm(
        ['exec', '--no', '--', 'nestjs-workers', 'outbox', 'status', '--sqlite', 'numbers.db'],
        app,
      );
      expect(said.stdout).toContain('migration 1  applied ');
    },
  );

  it('loads no driver before a store is opened, and says which one is missing then', async () => {
    const app = await tarballs.installInto('durable-esm', WITHOUT);
    const code = `await Promise.all(['', '/postgres', '/sqlite'].map((path) => import('@nestjs-workers/outbox' + path)));`;
    const { stderr } = await run(process.execPath, ['--input-type=module', '-e', code], { cwd: app });
    expect(stderr).toBe('');
    const asked = ['outbox', 'status', '--url', 'postgres://127.0.0.1:1/none'];
    const program = join(app, 'node_modules/.bin/nestjs-workers');
    await expect(run(process.execPath, [program, ...asked], { cwd: app })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('the package "pg" cannot be loaded. Run "npm install pg"') as string,
    });
  });

  it.for(Object.entries(FORMATS))(
    'has types that hold under %s, and runs as they are compiled',
    async ([name, { type, ...format }]) => {
      const app = await tarballs.installInto('durable-typed', WITHOUT);
      const project = join(app, `${name}.json`);
      const compilerOptions = { ...TYPED, ...format, outDir: 'dist' };
      await writeFile(project, JSON.stringify({ compilerOptions, include: ['*.ts'] }));
      expect(await compile(project)).toBe('');
      await writeFile(join(app, 'dist/package.json'), JSON.stringify({ type }));
      const { stdout, stderr } = await run(process.execPath, ['dist/application.js'], { cwd: app, timeout: 50_000 });
      expect({ stdout, stderr }).toEqual({ stdout: '{"answer":42,"dead":0,"isThere":true}\n', stderr: '' });
    },
  );
});

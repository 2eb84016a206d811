import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile, FORMATS, TYPED } from './formats.js';
import { Tarballs } from './tarball.js';

const run = promisify(execFile);

/** No driver of any store. */
const WITHOUT = { without: ['pg'] };

describe('the tarball of @nestjs-workers/workflows', () => {
  let tarballs: Tarballs;

  beforeAll(async () => {
    tarballs = await Tarballs.pack('@nestjs-workers/core', '@nestjs-workers/outbox', '@nestjs-workers/workflows');
  });

  afterAll(() => tarballs.remove());

  it('carries the build, the page, the licence and no tests', () => {
    const contents = tarballs.contentsOf('@nestjs-workers/workflows');
    const parts = ['index', 'testing/index', 'cli/index', 'postgres/index', 'sqlite/index', 'memory/index'].flatMap(
      (part) => [`dist/${part}.js`, `dist/${part}.d.ts`],
    );
    expect(contents).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json', ...parts]));
    expect(contents.filter((path) => /\.(spec|contract|test-d)\.|\/fixtures\/|\.tsbuildinfo$/.test(path))).toEqual([]);
  });

  it('carries an instance to its end in memory, with no driver installed, in an application of format cjs', async () => {
    const app = await tarballs.installInto('deciding', WITHOUT);
    const { stdout, stderr } = await run(process.execPath, ['main.cjs'], { cwd: app, timeout: 50_000 });
    expect({ stdout, stderr }).toEqual({ stdout: '{"kind":"memory","type":"accepted","state":"paid"}\n', stderr: '' });
  });

  it('carries it to its end on SQLite in an application of format esm, and the program of the outbox shows it', async () => {
    const app = await tarballs.installInto('deciding', { ...WITHOUT, also: ['libsql'] });
    const { stdout } = await run(process.execPath, ['main.mjs', 'orders.db'], { cwd: app, timeout: 50_000 });
    expect(stdout).toBe('{"kind":"sqlite","type":"accepted","state":"paid"}\n');
    const asked = ['workflows', 'list', '--sqlite', 'orders.db'];
    const program = join(app, 'node_modules/.bin/nestjs-workers');
    const said = await run(process.execPath, [program, ...asked], { cwd: app });
    expect(said.stdout).toMatch(/order +o-1 +completed +2/);
  });

  it.for(Object.entries(FORMATS))(
    'has types that hold under %s, and runs as they are compiled',
    async ([name, { type, ...format }]) => {
      const app = await tarballs.installInto('deciding-typed', WITHOUT);
      const project = join(app, `${name}.json`);
      const compilerOptions = { ...TYPED, ...format, outDir: 'dist' };
      await writeFile(project, JSON.stringify({ compilerOptions, include: ['*.ts'] }));
      expect(await compile(project)).toBe('');
      await writeFile(join(app, 'dist/package.json'), JSON.stringify({ type }));
      const { stdout, stderr } = await run(process.execPath, ['dist/application.js'], { cwd: app, timeout: 50_000 });
      expect({ stdout, stderr }).toEqual({ stdout: '{"type":"accepted","state":"paid"}\n', stderr: '' });
    },
  );
});

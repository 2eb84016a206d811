import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle } from './bundle.js';
import { compile, FORMATS, TYPED } from './formats.js';
import { Tarballs } from './tarball.js';

const run = promisify(execFile);

/** What reaches a user is the tarball, not this repository. */
describe('the tarball of @nestjs-workers/core', () => {
  let tarball: Tarballs;

  beforeAll(async () => {
    tarball = await Tarballs.pack('@nestjs-workers/core');
  });

  afterAll(() => tarball.remove());

  it('carries the build, the licence and no tests', () => {
    const contents = tarball.contentsOf('@nestjs-workers/core');
    expect(contents).toEqual(expect.arrayContaining(['LICENSE', 'package.json', 'dist/index.js', 'dist/index.d.ts']));
    expect(contents.filter((path) => /\.(spec|contract|test-d)\.|\/fixtures\/|\.tsbuildinfo$/.test(path))).toEqual([]);
  });

  it.for(['esm', 'cjs'])(
    'answers inline, in a thread and in a process in an application of format %s',
    async (format) => {
      const app = await tarball.installInto(format);
      const { stdout, stderr } = await run(process.execPath, ['main.js'], { cwd: app, timeout: 50_000 });
      expect(stderr).toBe('');
      expect(JSON.parse(stdout)).toEqual({ answers: [42, 42, 42], kinds: [[], ['thread'], ['process']] });
    },
  );

  it.for(Object.entries(FORMATS))(
    'has types that hold under %s, and runs as they are compiled',
    async ([name, { type, ...format }]) => {
      const app = await tarball.installInto('typed');
      const compilerOptions = { ...TYPED, ...format, outDir: 'dist' };
      const project = join(app, `${name}.json`);
      await writeFile(project, JSON.stringify({ compilerOptions, include: ['*.ts'] }));
      expect(await compile(project)).toBe('');
      await writeFile(join(app, 'dist/package.json'), JSON.stringify({ type }));
      const { stdout, stderr } = await run(process.execPath, ['dist/application.js'], { cwd: app, timeout: 50_000 });
      expect({ stdout, stderr }).toEqual({ stdout: '{"answers":[42,42]}\n', stderr: '' });
    },
  );

  it('answers in a thread and in a process when the Nest CLI has built the application', async () => {
    const app = await tarball.installInto('typed');
    const { type: _, ...format } = FORMATS.nodenext;
    const compilerOptions = { ...TYPED, ...format, outDir: 'dist', rootDir: '.' };
    await writeFile(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
    await writeFile(join(app, 'nest-cli.json'), JSON.stringify({ sourceRoot: '.', entryFile: 'application' }));
    await run(process.execPath, [NEST, 'build', '--builder', 'tsc'], { cwd: app, timeout: 50_000 });
    const { stdout } = await run(process.execPath, ['dist/application'], { cwd: app, timeout: 50_000 });
    expect(stdout).toBe('{"answers":[42,42]}\n');
  });

  it.for(['module', 'commonjs'] as const)(
    'answers in a thread and in a process out of a bundle of format %s, by spawn, entry and isolate(...)',
    async (format) => {
      const app = await tarball.installInto('bundled');
      await bundle(app, { application: './application.ts', 'doublers.isolate': './doublers.isolate.ts' }, format);
      await writeFile(join(app, 'dist/package.json'), JSON.stringify({ type: format }));
      const { stdout, stderr } = await run(process.execPath, ['dist/application.js'], { cwd: app, timeout: 50_000 });
      expect({ stdout, stderr }).toEqual({ stdout: '{"answers":[42,42]}\n', stderr: '' });
    },
  );
});

const NEST = fileURLToPath(import.meta.resolve('@nestjs/cli/bin/nest.js'));

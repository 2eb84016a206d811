import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Tarball } from './tarball.js';

/** What reaches a user is the tarball, not this repository. */
describe('the tarball of @nestjs-workers/core', () => {
  const run = promisify(execFile);
  let tarball: Tarball;

  beforeAll(async () => {
    tarball = await Tarball.pack('@nestjs-workers/core');
  });

  afterAll(() => tarball.remove());

  it('carries the build, the licence and no tests', () => {
    expect(tarball.contents).toEqual(
      expect.arrayContaining(['LICENSE', 'package.json', 'dist/index.js', 'dist/index.d.ts']),
    );
    expect(
      tarball.contents.filter((path) => /\.(spec|contract|test-d)\.|\/fixtures\/|\.tsbuildinfo$/.test(path)),
    ).toEqual([]);
  });

  it.for(['esm', 'cjs'])('answers through a worker in an application of format %s', async (format) => {
    const app = await tarball.installInto(format);
    const { stdout, stderr } = await run(process.execPath, ['main.js'], { cwd: app, timeout: 50_000 });
    expect({ stdout, stderr }).toEqual({ stdout: '[42]\n', stderr: '' });
  });

  it.for([
    ['nodenext', { module: 'nodenext', moduleResolution: 'nodenext' }],
    ['commonjs and node10', { module: 'commonjs', moduleResolution: 'node10', ignoreDeprecations: '6.0' }],
  ] as const)('has types that hold under %s', async ([name, format]) => {
    const app = await tarball.installInto('typed');
    const compilerOptions = { ...format, ...TYPED };
    const project = join(app, `${name}.json`);
    await writeFile(project, JSON.stringify({ compilerOptions, files: ['main.ts'] }));
    await expect(run(process.execPath, [TSC, '-p', project]).catch((failed: unknown) => failed)).resolves.toMatchObject(
      {
        stdout: '',
      },
    );
  });
});

const TSC = fileURLToPath(import.meta.resolve('typescript/bin/tsc'));

/** A usual Nest application, with none of the settings that only our own house has. */
const TYPED = {
  target: 'es2023',
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  types: ['node'],
};

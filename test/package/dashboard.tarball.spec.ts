import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Tarballs } from './tarball.js';

const run = promisify(execFile);

describe('the tarball of @nestjs-workers/dashboard', () => {
  let tarballs: Tarballs;

  beforeAll(async () => {
    tarballs = await Tarballs.pack('@nestjs-workers/core', '@nestjs-workers/dashboard');
  });

  afterAll(() => tarballs.remove());

  it('carries the build, the page, the licence and no tests', () => {
    const contents = tarballs.contentsOf('@nestjs-workers/dashboard');
    const page = ['page.html', 'main.js', 'icon.svg', 'style/page.css'].map((name) => `page/dist/${name}`);
    expect(contents).toEqual(
      expect.arrayContaining(['LICENSE', 'README.md', 'package.json', 'dist/index.js', 'dist/index.d.ts', ...page]),
    );
    expect(contents.filter((path) => /\.(spec|contract|test-d)\.|\/fixtures\/|\.tsbuildinfo$/.test(path))).toEqual([]);
  });

  it('serves the whole page in an application without durable channels and workflows', async () => {
    const app = await tarballs.installInto('dashboard', {
      also: ['@nestjs/platform-express', 'reflect-metadata'],
      without: ['@nestjs-workers/outbox', '@nestjs-workers/workflows'],
    });
    const { stdout, stderr } = await run(process.execPath, ['main.js'], { cwd: app, timeout: 50_000 });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({ files: true, missing: [], workflows: [], hasDeadLetters: false });
  });
});

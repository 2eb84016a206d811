import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type CanActivate, type ExecutionContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { channel, Worker, WorkersModule } from '@nestjs-workers/core';
import { createWorkersAdminController, WorkersAdmin } from '@nestjs-workers/dashboard';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { npm, Tarballs } from './tarball.js';

const run = promisify(execFile);
const Uploads = channel<string>('uploads', { buffer: 8 });

@Worker({ in: Uploads })
class Resizer {
  handle(): void {}
}

const guard: CanActivate = {
  canActivate: (context: ExecutionContext) =>
    context.switchToHttp().getRequest<{ headers: Record<string, string> }>().headers['x-operator'] === 'ann',
};

@Module({
  imports: [WorkersModule.forRoot({ channels: [Uploads], guard: 'off' })],
  controllers: [createWorkersAdminController({ guards: [guard] })],
  providers: [Resizer, WorkersAdmin],
})
class AppModule {}

describe('the tarballs of @nestjs-workers/core and @nestjs-workers/dashboard', () => {
  let tarballs: Tarballs;
  let url: string;
  let folder: string;

  beforeAll(async () => {
    tarballs = await Tarballs.pack('@nestjs-workers/core', '@nestjs-workers/dashboard');
    folder = await tarballs.installInto('esm', { without: ['@nestjs-workers/outbox'] });
    const app = await NestFactory.create(AppModule, { logger: false, forceCloseConnections: true });
    await app.listen(0, '127.0.0.1');
    url = `${await app.getUrl()}/workers`;
    return () => app.close();
  });

  afterAll(() => tarballs.remove());

  it('carry the build, the page, the licence and no tests', () => {
    const contents = tarballs.contentsOf('@nestjs-workers/dashboard');
    const page = ['page.html', 'main.js', 'icon.svg', 'style/page.css'].map((name) => `page/dist/${name}`);
    expect(contents).toEqual(
      expect.arrayContaining(['LICENSE', 'README.md', 'package.json', 'dist/index.js', 'dist/index.d.ts', ...page]),
    );
    expect(contents.filter((path) => /\.(spec|contract|test-d)\.|\/fixtures\/|\.tsbuildinfo$/.test(path))).toEqual([]);
  });

  it('serve the whole page in an application without durable channels and workflows', async () => {
    const app = await tarballs.installInto('dashboard', {
      also: ['@nestjs/platform-express', 'reflect-metadata'],
      without: ['@nestjs-workers/outbox', '@nestjs-workers/workflows'],
    });
    const { stdout, stderr } = await run(process.execPath, ['main.js'], { cwd: app, timeout: 50_000 });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({ files: true, missing: [], workflows: [], hasDeadLetters: false });
  });

  it('show a running application by npx, where no outbox is installed', async () => {
    const asked = ['nestjs-workers', 'inspect', url, '--header', 'x-operator: ann'];
    const { stdout } = await npm(['exec', '--no', '--', ...asked], folder);
    expect(stdout).toMatch(/^running .* pid \d+/);
    expect(stdout).toMatch(/\nResizer +0\/1 +0\n/);
  });

  it('say what is missing for the rest, and end when they are told to', async () => {
    const program = join(folder, 'node_modules/.bin/nestjs-workers');
    await expect(run(process.execPath, [program, 'outbox', 'status'], { cwd: folder })).rejects.toMatchObject({
      code: 1,
      stderr:
        'nestjs-workers: this needs the package "@nestjs-workers/outbox", which is not installed. npm install @nestjs-workers/outbox\n',
    });
    const silent = silentServer();
    const child = spawn(process.execPath, [program, 'inspect', await silent.url], { cwd: folder, stdio: 'ignore' });
    await silent.asked;
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([0, null]);
    silent.close();
  });
});

/** A server that takes requests and answers none. */
function silentServer() {
  const server = createServer().listen(0, '127.0.0.1');
  const asked = once(server, 'request');
  const listening = once(server, 'listening').then(() => {
    const { port } = server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/workers`;
  });
  return { url: listening, asked, close: () => server.close().closeAllConnections() };
}

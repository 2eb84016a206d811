import { once } from 'node:events';
import { access, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { namedPipeAdapter, socketAdapter, unixSocketAdapter } from './socket.adapter.js';
import { SocketPathError } from './socket.errors.js';
import { longestPathBytes, socketPath } from './socket.path.js';

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

async function directory(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'adapter-'));
  onTestFinished(() => rm(made, { recursive: true }));
  return made;
}

describe('the path of a socket', () => {
  it('lies alone in a new directory that only its user can enter', async () => {
    const under = await directory();
    const umask = process.umask(0);
    onTestFinished(() => void process.umask(umask));
    const [one, two] = [await socketPath('linux', under), await socketPath('darwin', under)];
    expect(dirname(one)).not.toBe(dirname(two));
    for (const path of [one, two]) {
      expect(dirname(dirname(path))).toBe(under);
      expect((await stat(dirname(path))).mode & 0o777).toBe(0o700);
      expect(await readdir(dirname(path))).toEqual([]);
    }
  });

  it('is under the temporary directory of the system, unless that makes it too long', async () => {
    const usual = await socketPath();
    const short = await socketPath('linux', `/${'deep/'.repeat(30)}`);
    onTestFinished(() => Promise.all([usual, short].map((path) => unixSocketAdapter.cleanup(path))).then(() => {}));
    expect(usual.startsWith(join(tmpdir(), 'nestjs-workers-'))).toBe(true);
    expect(short).toMatch(/^\/tmp\/nestjs-workers-.{6}\/isolate\.sock$/);
  });

  it('is never longer than the system allows', async () => {
    const under = await directory();
    for (let length = 1; length < 80; length++) {
      const deep = join(under, 'd'.repeat(length));
      await mkdir(deep);
      const path = await socketPath('darwin', deep);
      onTestFinished(() => unixSocketAdapter.cleanup(path));
      expect(path.length).toBeLessThanOrEqual(longestPathBytes('darwin'));
    }
    expect([longestPathBytes('linux'), longestPathBytes('darwin'), longestPathBytes('freebsd')]).toEqual([
      107, 103, 103,
    ]);
  });

  it('is the name of a pipe on Windows, which nobody guesses', async () => {
    const names = await Promise.all(Array.from({ length: 20 }, () => socketPath('win32')));
    expect(new Set(names).size).toBe(20);
    for (const name of names) expect(name).toMatch(/^\\\\\.\\pipe\\nestjs-workers-\d+-[\da-f]{32}$/);
  });
});

describe('the adapter', () => {
  it('is chosen by platform', () => {
    expect(['win32', 'linux', 'darwin', 'aix'].map((name) => socketAdapter(name as NodeJS.Platform))).toEqual([
      namedPipeAdapter,
      unixSocketAdapter,
      unixSocketAdapter,
      unixSocketAdapter,
    ]);
    expect(socketAdapter()).toBe(process.platform === 'win32' ? namedPipeAdapter : unixSocketAdapter);
  });
});

describe('the Unix adapter', () => {
  it('listens and connects, at the longest path there can be', async () => {
    const under = await directory();
    const path = join(under, 's'.repeat(longestPathBytes() - under.length - 1));
    const server = unixSocketAdapter.createServer(path);
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const client = unixSocketAdapter.createClient(path);
    const [far] = (await once(server, 'connection')) as [Socket];
    far.end('hello');
    expect(String(((await once(client, 'data')) as [Buffer])[0])).toBe('hello');
    expect(await readdir(under)).toEqual([path.slice(under.length + 1)]);
  });

  it.each([
    ['one byte too long', `/tmp/${'é'.repeat(51)}x`, /it has 108 bytes and the system allows 107/],
    ['an abstract socket', '\0nestjs-workers', /abstract socket, which has no file permissions/],
    ['no path', '', /that is no path/],
    ['a path with a zero in it', '/tmp/a\0b', /that is no path/],
  ])('refuses %s', async (_, path, message) => {
    expect(() => unixSocketAdapter.createServer(path)).toThrow(SocketPathError);
    expect(() => unixSocketAdapter.createClient(path)).toThrow(
      expect.objectContaining({ code: 'SOCKET_PATH_INVALID', path }),
    );
    await expect(unixSocketAdapter.cleanup(path)).rejects.toThrow(message);
  });

  it('cleans up what a dead server left: its socket and its private directory', async () => {
    const path = await socketPath();
    const server = unixSocketAdapter.createServer(path);
    await once(server, 'listening');
    // A server that closes takes its socket away; one that is killed does not, as here.
    server.unref();
    expect(await exists(path)).toBe(true);
    await unixSocketAdapter.cleanup(path);
    expect(await exists(dirname(path))).toBe(false);
    server.close();
  });

  it('finds nothing to clean up, and that is fine', async () => {
    const path = await socketPath();
    await unixSocketAdapter.cleanup(path);
    await unixSocketAdapter.cleanup(path);
    await unixSocketAdapter.cleanup('/nowhere/at/all.sock');
    expect(await exists(dirname(path))).toBe(false);
  });

  it('leaves alone what is not its own', async () => {
    const under = await directory();
    const empty = join(under, 'empty');
    await mkdir(empty);
    const [file, foreign] = [join(under, 'precious'), join(empty, 'foreign.sock')];
    await writeFile(file, 'data');
    await unixSocketAdapter.cleanup(file);
    await unixSocketAdapter.cleanup(foreign);
    const path = await socketPath('linux', under);
    await writeFile(join(dirname(path), 'precious'), 'data');
    await unixSocketAdapter.cleanup(path);
    expect(await Promise.all([file, empty, join(dirname(path), 'precious')].map(exists))).toEqual([true, true, true]);
  });

  it('says what kept it from cleaning up', async () => {
    const file = join(await directory(), 'file');
    await writeFile(file, '');
    await expect(unixSocketAdapter.cleanup(join(file, 'below.sock'))).rejects.toThrow(/ENOTDIR/);
  });
});

describe('the pipe adapter', () => {
  it.each(['/tmp/a.sock', '\\\\.\\pipe\\', 'pipe', '\\\\.\\pipe\\a\\b', `\\\\.\\pipe\\${'x'.repeat(250)}`])(
    'refuses %s, which is no name of a pipe',
    (path) => {
      expect(() => namedPipeAdapter.createServer(path)).toThrow(SocketPathError);
      expect(() => namedPipeAdapter.createClient(path)).toThrow(/a named pipe is called/);
    },
  );

  it('has nothing to clean up', async () => {
    const file = join(await directory(), 'precious');
    await writeFile(file, 'data');
    await namedPipeAdapter.cleanup(file);
    expect(await exists(file)).toBe(true);
  });
});

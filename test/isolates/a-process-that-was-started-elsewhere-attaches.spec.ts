import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inProcess, provideWorkers } from '@nestjs-workers/core';
import { until } from '@nestjs-workers/core/testing';
import { numbers, rejection, start } from '../support/application.js';
import { atRest, endings, lives } from '../support/isolates.js';
import { FROM_SOURCES } from '../support/sources.js';
import { Booter, Boots } from './fixtures/booting.js';
import { Deeds, Doer } from './fixtures/doing.js';

const TOKEN = 'a token that nobody guesses';

describe('a process that was started elsewhere', () => {
  let directory: string;
  let path: string;
  const started: ChildProcess[] = [];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'attach-'));
    path = join(directory, 'socket');
  });
  afterAll(async () => {
    for (const child of started) child.kill('SIGKILL');
    await rm(directory, { recursive: true });
  });

  const attach = (token = TOKEN, at = path, env: NodeJS.ProcessEnv = {}): ChildProcess => {
    const file = fileURLToPath(new URL('./fixtures/attaching.ts', import.meta.url));
    const child = spawn(process.execPath, [...FROM_SOURCES, file, at, token], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...env },
    });
    started.push(child);
    return child;
  };
  const hosting = () =>
    start({
      channels: [Deeds],
      providers: provideWorkers(Doer),
      workers: {
        Doer: {
          dispatch: inProcess({ attach: { path, token: TOKEN }, startupTimeout: '20s', restart: { delay: '1ms' } }),
        },
      },
    });

  it('attaches, is told what to be, and handles; when the host is gone it attaches to the next', async () => {
    const guest = attach();
    const first = await hosting();
    const told = (await first.gateway.request(Doer, { does: 'tell' })) as { pid: number };
    expect(told.pid).toBe(guest.pid);
    expect(await first.gateway.request(Doer, { does: 'count' })).toBe(1);
    await first.moduleRef.close();
    expect(lives(guest.pid ?? 0)).toBe(true);
    const second = await hosting();
    expect(await second.gateway.request(Doer, { does: 'tell' })).toMatchObject({ pid: guest.pid });
    expect(await second.gateway.request(Doer, { does: 'count' })).toBe(1);
    guest.kill('SIGKILL');
    await until(() => endings(second).length === 1);
    expect(endings(second)).toEqual(['disconnected (its line was closed)']);
    const substitute = attach();
    await atRest(second, 'Doer');
    expect(await second.gateway.request(Doer, { does: 'tell' })).toMatchObject({ pid: substitute.pid });
  });

  it('closes what it had begun for a host that was gone before that was there', async () => {
    const meeting = { path: join(directory, 'hasty'), token: TOKEN };
    const booting = (startupTimeout: '400ms' | '20s') =>
      start({
        channels: [Boots],
        providers: provideWorkers(Booter),
        workers: { Booter: { dispatch: inProcess({ attach: meeting, startupTimeout }) } },
      });
    const note = join(directory, 'begun');
    attach(TOKEN, meeting.path, { BOOT_MS: '800', BOOT_NOTE: note });
    await until(async () => {
      await rejection(booting('400ms'));
      return existsSync(note);
    }, '20s');
    const patient = await booting('20s');
    expect(await patient.gateway.request(Booter, 'engines')).toBe(1);
  });

  it('is turned away with a wrong token, however it comes; the host and the one that is attached are unharmed', async () => {
    const { gateway } = await hosting();
    const before = (await gateway.request(Doer, { does: 'tell' })) as { pid: number };
    const stranger = attach('a token that is not the one');
    const said = once(stranger.stdout as NodeJS.ReadableStream, 'data');
    for (const n of numbers(60)) {
      const socket = connect(path).on('error', () => {});
      await once(socket, 'connect');
      socket.end(nonsense(n));
      socket.resume();
      await once(socket, 'close');
    }
    expect(String((await said)[0])).toBe('HANDSHAKE_REFUSED\n');
    expect(await gateway.request(Doer, { does: 'tell' })).toMatchObject({ pid: before.pid });
  });
});

/** Lengths that lie, frames that are cut off, tokens that are not the one, and noise. */
function nonsense(seed: number): Buffer {
  const size = (seed * 37) % 300;
  const noise = Buffer.from(numbers(size).map((n) => (n * 131 + seed * 17) % 256));
  const header = Buffer.alloc(4);
  header.writeUInt32BE([0, size, 0xff_ff_ff_ff, 2 ** 31, size + 5][seed % 5] ?? 0);
  return seed % 6 === 0 ? noise : Buffer.concat([header, noise]);
}

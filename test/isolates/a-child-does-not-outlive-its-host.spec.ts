import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { until } from '@nestjs-workers/core/testing';
import { lives } from '../support/isolates.js';
import { FROM_SOURCES } from '../support/sources.js';
import type { Deed } from './fixtures/doing.js';

interface Host {
  readonly process: ChildProcess;
  readonly pids: readonly number[];
  readonly said: readonly Record<string, unknown>[];
}

/** Starts an application in a process, and a process group, of its own; resolves when its handlers are at work. */
async function host(meet: 'inherited' | 'named', size: number, ...deeds: readonly Deed[]): Promise<Host> {
  const words = [meet, String(size), ...deeds.map((deed) => JSON.stringify(deed))];
  const file = fileURLToPath(new URL('./fixtures/host.ts', import.meta.url));
  const child = spawn(process.execPath, [...FROM_SOURCES, file, ...words], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said: Record<string, unknown>[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => said.push(JSON.parse(line) as Record<string, unknown>));
  await until(
    () => said.length > 0,
    '25s',
    () => 'the host to have its handlers at work',
  );
  const pids = said[0]?.['pids'] as number[];
  onTestFinished(() => {
    for (const pid of [child.pid ?? 0, ...pids]) if (pid > 0 && lives(pid)) process.kill(pid, 'SIGKILL');
  });
  return { process: child, pids, said };
}

describe.each(['inherited', 'named'] as const)('with a socket that is %s', (meet) => {
  it('of two whose host is killed with SIGKILL both are gone within 2 s: one has nothing to do, one blocks', async () => {
    const { process: dying, pids } = await host(meet, 2, { does: 'block for ever' });
    expect(pids.map(lives)).toEqual([true, true]);
    dying.kill('SIGKILL');
    await once(dying, 'exit');
    const gone = () => pids.every((pid) => !lives(pid));
    await until(gone, '2s', () => `processes ${pids.filter(lives).join(', ')} to be gone`);
  });
});

describe.each(['SIGINT', 'SIGTERM'] as const)(
  '%s to the whole group, as Ctrl+C and service managers send it',
  (signal) => {
    it('lets the host drain: its child finishes what it has, and then both are gone', async () => {
      const { process: dying, pids, said } = await host('inherited', 1, { does: 'block', ms: 700 });
      process.kill(-(dying.pid ?? 0), signal);
      await once(dying, 'exit');
      expect(said.slice(1)).toEqual([{}]);
      expect(pids.filter(lives)).toEqual([]);
    });
  },
);

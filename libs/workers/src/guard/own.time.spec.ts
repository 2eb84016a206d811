import fs, { existsSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { availableParallelism } from 'node:os';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { cpuMs, hogs, largeHeap } from './fixtures/load.js';
import { nowMs, OwnTime } from './own.time.js';

vi.setConfig({ testTimeout: 30_000 });

let ownTime: OwnTime;

beforeEach(() => {
  ownTime = new OwnTime();
});

afterEach(() => ownTime.close());

describe('own time', () => {
  it('is all of it when the machine does nothing else', async () => {
    const from = ownTime.mark();
    const to = { atMs: from.atMs + 40, lostMs: from.lostMs };
    expect(await ownTime.between(from, to)).toBeGreaterThan(35);
  });

  it('leaves out collections', async () => {
    const heap = largeHeap();
    const from = ownTime.mark();
    const took = heap.collect();
    const ownMs = await ownTime.between(from, ownTime.mark());
    expect(took).toBeGreaterThan(50);
    expect(ownMs).toBeLessThan(took / 2);
    expect(heap.size).toBeGreaterThan(0);
  });

  it('leaves out collections of an earlier stretch', async () => {
    largeHeap().collect();
    const from = ownTime.mark();
    const to = { atMs: from.atMs + 40, lostMs: from.lostMs };
    expect(await ownTime.between(from, to)).toBeGreaterThan(35);
  });

  it.runIf(existsSync('/proc/thread-self/schedstat'))('leaves out waiting for a core', async () => {
    const greedy = hogs(2 * availableParallelism());
    const from = ownTime.mark();
    const cpuFromMs = cpuMs();
    while (nowMs() - from.atMs < 400);
    const hadCoreMs = cpuMs() - cpuFromMs;
    const to = ownTime.mark();
    greedy.end();
    const waitedMs = to.atMs - from.atMs - hadCoreMs;
    expect(waitedMs).toBeGreaterThan(50);
    expect(await ownTime.between(from, to)).toBeLessThan(hadCoreMs + waitedMs / 4);
  });

  it('leaves out what the guard took to look', async () => {
    const from = ownTime.mark();
    const look = ownTime.mark();
    while (nowMs() - look.atMs < 5);
    ownTime.looked(look);
    expect(ownTime.mark().lostMs - from.lostMs).toBeGreaterThanOrEqual(5);
  });

  it('is never less than nothing', async () => {
    const from = ownTime.mark();
    expect(await ownTime.between(from, { atMs: from.atMs + 1, lostMs: from.lostMs + 10 })).toBe(0);
  });

  it('can be asked where a test has replaced the file system', () => {
    const { readSync } = fs;
    const before = ownTime.mark();
    fs.readSync = () => {
      throw new Error('no such file');
    };
    syncBuiltinESMExports();
    const during = ownTime.mark();
    fs.readSync = readSync;
    syncBuiltinESMExports();
    expect(during.lostMs).toBe(before.lostMs);
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { isGone, ownMark } from './process.mark.js';

describe('the mark of a process', () => {
  it('is alive while it runs, and gone when it is over', async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: 'pipe' });
    const own = await ownMark();
    const mark = { ...own, process: child.pid as number, started: '' };
    expect(await isGone(mark)).toBe(false);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await isGone(mark)).toBe(true);
  });

  it('tells a process from a later one with its number', async () => {
    const own = await ownMark();
    expect(await isGone(own)).toBe(false);
    expect(await isGone({ ...own, started: '1' })).toBe(true);
  });

  it('says nothing of another machine or another container', async () => {
    const own = await ownMark();
    expect(await isGone({ ...own, machine: 'another', process: 0x7ffffff0 })).toBe(false);
  });
});

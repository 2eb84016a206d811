import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { GuardPrograms } from './fixtures/child.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let programs: GuardPrograms;

beforeAll(async () => {
  programs = await GuardPrograms.compile();
});

afterAll(() => programs.remove());

describe('a process with a guard', () => {
  it.each([
    ['the watchdog sleeps', `await watched();`],
    ['the watchdog watches', `await watched(); guard.enter(); await after(50);`],
    ['the watchdog looks', `await watched(); guard.enter(); compute(60);`],
    ['the watchdog looks and it is closed', `await watched(); guard.enter(); compute(60); guard.close();`],
    [
      'the watchdog looks and somebody calls process.exit',
      `import { Hold } from './guard/hold.js';
       await watched();
       guard.enter();
       let isSeen = false;
       Hold.prototype.see = () => { isSeen = true; };
       while (!isSeen) compute(1);
       process.exit();`,
    ],
  ])('ends by itself and without a word while %s', async (_, program) => {
    expect(await programs.run(program)).toEqual({ code: 0, out: '', err: '' });
  });

  it('has a watchdog that uses no processor while no handler is in flight', async () => {
    const { out } = await programs.run(`
      await watched();
      await dispatch(() => after(100));
      await after(100);
      const before = process.cpuUsage();
      await after(1_000);
      const { user, system } = process.cpuUsage(before);
      console.log((user + system) / 1_000);
    `);
    expect(Number(out)).toBeLessThan(25);
  });

  it('has no watchdog off its main thread, and says why', async () => {
    const { out } = await programs.run(`
      import { isMainThread, Worker } from 'node:worker_threads';
      if (isMainThread) new Worker(new URL(import.meta.url));
      else {
        await watched();
        const startedAt = performance.now();
        compute();
        const ownMs = await guard.ownMs(startedAt, performance.now());
        console.log(JSON.stringify([guard.watch.kind, guard.watch.reason.includes('main thread'), ownMs > 25, await dispatch(() => compute())]));
      }
    `);
    expect(JSON.parse(out)).toEqual(['impossible', true, true, null]);
  });

  it('goes without a watchdog when its Node forbids one, and says why', async () => {
    const permission = Number(process.versions.node.split('.')[0]) < 22 ? '--experimental-permission' : '--permission';
    const { out, code } = await programs.run(
      `await watched(); console.log(guard.watch.kind, await dispatch(() => compute()));`,
      {
        node: [permission, '--allow-fs-read=*', '--no-warnings'],
      },
    );
    expect({ out, code }).toEqual({ out: 'impossible undefined', code: 0 });
  });

  it.each(['command line', 'environment'])('does not load into the watchdog what its %s preloads', async (where) => {
    const { preload } = programs;
    const { out } = await programs.run(
      `await watched(); console.log(guard.watch.kind, (await dispatch(() => compute()))?.worker);`,
      where === 'environment' ? { env: { NODE_OPTIONS: `--require ${preload}` } } : { node: ['--require', preload] },
    );
    expect(out).toBe('on resize');
  });
});

describe('an inspector that listens', () => {
  it('puts the watchdog to sleep from the start', async () => {
    const { out } = await programs.run(`await watched(); console.log(await dispatch(() => compute()), told.length);`, {
      node: ['--inspect=127.0.0.1:0'],
    });
    expect(out).toBe('undefined 0');
  });

  it('puts it to sleep when it comes, until it goes', async () => {
    const { out } = await programs.run(`
      await watched();
      const handler = async () => {
        inspector.open(0, '127.0.0.1');
        compute();
        await after(100);
        compute();
        await after(100);
        inspector.close();
      };
      const seen = [await dispatch(handler), await dispatch(() => compute())];
      console.log(JSON.stringify(seen.map((report) => report?.worker)), told.length);
    `);
    expect(out).toBe('[null,"resize"] 0');
  });
});

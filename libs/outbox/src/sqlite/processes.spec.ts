import { until } from '@nestjs-workers/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Host, Store } from '../store/store.js';
import { FileBench, message } from './fixtures/bench.js';
import { Other } from './fixtures/other.js';

const HOUR_MS = 3_600_000;

describe('several processes on one file', { timeout: 60_000 }, () => {
  it('have the claims of a killed one back at once, however long its lease', async () => {
    const { bench, store } = await scene();
    const ids = (await store.append([message(), message(), message()])).map(({ id }) => id);
    const seat = await store.enroll(host());
    const other = Other.start(bench.file, 'claim', 2, HOUR_MS);
    await other.said('claimed');
    expect(await store.takeOver(seat, ['a'], 3)).toEqual({ hosts: [], buried: [], suspects: 0 });
    await other.kill();
    const name = `process ${other.pid}`;
    expect(await store.takeOver(seat, ['a'], 3)).toEqual({ hosts: [{ name, claims: 2 }], buried: [], suspects: 2 });
    expect((await store.claim(seat, [{ channel: 'a', room: 9 }])).map(({ id }) => id)).toEqual([ids[2]]);
    expect(await store.claimSuspect(seat, ['a'])).toMatchObject({ id: ids[0], attempt: 2, crashes: 1 });
  });

  it('leave a frozen one alone until its lease is over; when it thaws it hears that its seat is lost', async () => {
    const { bench, store } = await scene();
    await store.append([message()]);
    const seat = await store.enroll(host());
    const other = Other.start(bench.file, 'claim', 1, 2 * HOUR_MS);
    await other.said('claimed');
    other.signal('SIGSTOP');
    expect((await store.takeOver(seat, ['a'], 3)).hosts).toEqual([]);
    await bench.exec('update nestjs_workers_host set lease_until_ms = 0 where lease_ms = 7200000');
    expect((await store.takeOver(seat, ['a'], 3)).hosts).toMatchObject([{ claims: 1 }]);
    other.signal('SIGCONT');
    expect(await other.said('lost')).toBe('SeatLostError');
    expect(other.lines.filter((line) => line.startsWith('fault'))).toEqual([]);
  });

  it('may all start at the same time on a file that is not there yet, and lose nothing', async () => {
    const bench = await FileBench.make();
    onTestFinished(() => bench.close());
    const others = Array.from({ length: 4 }, () => Other.start(bench.file, 'append', 25));
    for (const other of others) await other.ended();
    const ids = others.flatMap(({ lines }) => lines.filter((line) => line.startsWith('appended')));
    expect(new Set(ids).size).toBe(100);
    const store = await bench.open();
    expect(await store.stats()).toMatchObject({ a: { ready: 100 } });
  });

  it('have every message of a killed one for which it was told that it is there', async () => {
    const { bench, store } = await scene();
    const other = Other.start(bench.file, 'append', 1_000_000);
    await until(() => other.lines.length > 50, '20s');
    await other.kill();
    const told = other.lines.filter((line) => /^appended \d+$/.test(line)).length;
    const { a } = await store.stats();
    // The last ones may have been written and not been told any more.
    expect(a?.ready).toBeGreaterThanOrEqual(told);
  });

  it('wake one another and hear of outcomes', async () => {
    const { bench, store } = await scene();
    const heard: string[] = [];
    await store.enroll(host({ onWake: () => void heard.push('wake'), onFinished: (id) => void heard.push(`${id}`) }));
    const other = await bench.open();
    const [appended] = await other.append([message({ wantsResult: true })]);
    await until(() => heard.includes('wake'));
    const seat = await other.enroll(host());
    const [claimed] = await other.claim(seat, [{ channel: 'a', room: 1 }]);
    const settled = { id: claimed?.id ?? 0, claim: claimed?.claim ?? 0 };
    await other.settle(seat, [{ ...settled, type: 'done', result: '1', keepMs: 1_000, routed: [] }]);
    await until(() => heard.includes(`${appended?.id}`));
  });
});

async function scene(): Promise<{ bench: FileBench; store: Store }> {
  const bench = await FileBench.make();
  onTestFinished(() => bench.close());
  return { bench, store: await bench.open() };
}

function host(said: Partial<Host> = {}): Host {
  return {
    name: 'test',
    leaseMs: HOUR_MS,
    onWake: () => {},
    onFinished: () => {},
    onLost: () => {},
    onFault: () => {},
    ...said,
  };
}

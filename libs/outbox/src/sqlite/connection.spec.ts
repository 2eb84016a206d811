import { describe, expect, it, onTestFinished } from 'vitest';
import type { Store } from '../store/store.js';
import { openFile } from './drivers.js';
import { message } from './fixtures/bench.js';
import { RecordingHandle } from './fixtures/recording.handle.js';
import { sqliteStore } from './index.js';

async function scene(): Promise<{ handle: RecordingHandle; store: Store }> {
  const inner = await openFile(':memory:', 'libsql');
  const handle = new RecordingHandle(inner);
  const store = sqliteStore({ database: handle });
  onTestFinished(async () => {
    await store.close();
    inner.close();
  });
  await store.open({ migrate: true });
  handle.ran.length = 0;
  return { handle, store };
}

describe('a connection', () => {
  it('rolls back what failed in the middle, says why, and goes on', async () => {
    const { handle, store } = await scene();
    handle.failAt = 'insert into nestjs_workers_deduplication';
    const appending = store.append([message({ deduplicate: { key: 'd', windowMs: 1_000 } })]);
    await expect(appending).rejects.toThrow('failed at insert into nestjs_workers_deduplication');
    expect(handle.isInTransaction).toBe(false);
    handle.failAt = 'commit';
    await expect(store.append([message()])).rejects.toThrow('failed at commit');
    expect(handle.isInTransaction).toBe(false);
    handle.failAt = undefined;
    expect(await store.stats()).toEqual({});
    expect(await store.append([message()])).toHaveLength(1);
  });

  it('commits once for all who append in one turn, in the order of their calls', async () => {
    const { handle, store } = await scene();
    const calls = Array.from({ length: 16 }, (_, at) => store.append([message({ payload: `${at}` }), message()]));
    const ids = (await Promise.all(calls)).flat().map(({ id }) => id);
    expect(ids).toEqual(ids.toSorted((one, other) => one - other));
    expect(handle.ran.filter((sql) => sql === 'commit')).toHaveLength(1);
  });

  it('prepares a statement once', async () => {
    const { handle, store } = await scene();
    const prepared: string[] = [];
    const { prepare } = handle;
    handle.prepare = (sql) => {
      prepared.push(sql);
      return prepare.call(handle, sql);
    };
    for (let n = 0; n < 5; n++) await store.append([message()]);
    expect(prepared).toHaveLength(new Set(prepared).size);
  });

  it('leaves a lent handle open, and its foreign keys as they are', async () => {
    const { handle, store } = await scene();
    await store.close();
    expect(handle.isClosed).toBe(false);
    expect(handle.ran.join()).not.toContain('foreign_keys');
    await store.open({ migrate: false });
  });

  it('waits for the disk at each commit unless it is told not to', async () => {
    for (const [synchronous, level] of [
      ['full', 2],
      ['normal', 1],
    ] as const) {
      const handle = await openFile(':memory:', 'libsql');
      const store = sqliteStore({ database: handle, synchronous });
      await store.open({ migrate: true });
      expect(handle.prepare('pragma synchronous').all([])).toMatchObject([{ synchronous: level }]);
      await store.close();
      handle.close();
    }
  });

  it('does not take back what is committed because a host throws at being told of it', async () => {
    const { store } = await scene();
    const faults: unknown[] = [];
    const throwing = (): never => {
      throw new Error('the host is not well');
    };
    const seat = await store.enroll({
      name: 'one',
      leaseMs: 60_000,
      onWake: throwing,
      onFinished: throwing,
      onLost: throwing,
      onFault: (error) => void faults.push(error),
    });
    await store.append([message({ wantsResult: true })]);
    const [claimed] = await store.claim(seat, [{ channel: 'a', room: 1 }]);
    const { id = 0, claim = 0 } = claimed ?? {};
    await store.wake(['a']);
    expect(await store.settle(seat, [{ id, claim, type: 'done', result: '1', keepMs: 1_000, routed: [] }])).toEqual([]);
    expect(faults).toMatchObject([{ message: 'the host is not well' }, { message: 'the host is not well' }]);
  });
});

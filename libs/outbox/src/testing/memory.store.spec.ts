import { describe, expect, it } from 'vitest';
import { done, message } from '../store/scene.contract.js';
import { storeContract } from '../store/store.contract.js';
import { storeModel } from '../store/store.model.contract.js';
import { memoryHarness } from './fixtures/memory.harness.js';
import { memoryStore, memoryTransaction } from './memory.store.js';

storeContract('memory', memoryHarness);
storeModel('memory', memoryHarness, { runs: 200 });

describe('a memory store', () => {
  it('takes ten times as long for ten times the messages, not a hundred times', { timeout: 60_000 }, async () => {
    await cpuMsToDrain(10_000);
    const few = await cpuMsToDrain(10_000);
    expect(await cpuMsToDrain(100_000)).toBeLessThan(few * 45);
  });

  it('reads the time of the system when it is given no other', async () => {
    const store = memoryStore();
    await store.open({ migrate: true });
    const before = Date.now();
    await store.append([message({ delayMs: 60_000 })]);
    const { nextDueMs } = await store.promote(['a']);
    expect(nextDueMs).toBeGreaterThan(60_000 - (Date.now() - before) - 1);
    expect(nextDueMs).toBeLessThanOrEqual(60_000);
  });

  it('refuses a transaction of another store, a statement, and a transaction that is over', async () => {
    const [store, other] = [memoryStore(), memoryStore()];
    await expect(store.append([message()], memoryTransaction(other))).rejects.toThrow('that is not its own');
    await expect(store.append([message()], { dialect: 'postgres', run: () => [] })).rejects.toThrow('of postgres');
    const transaction = memoryTransaction(store);
    expect(() => transaction.run('select 1')).toThrow('knows no SQL');
    transaction.commit();
    await expect(store.append([message()], transaction)).rejects.toThrow('committed or rolled back already');
    expect(() => transaction.rollback()).toThrow('committed or rolled back already');
  });

  it('refuses a seat of something else', async () => {
    const seat = { host: 1, extend: async () => true, leave: async () => {} };
    await expect(memoryStore().claim(seat, [])).rejects.toThrow('a seat that is not its own');
  });

  it.each(['rollback', 'commit'] as const)('lets a key that an open transaction used wait for its %s', async (end) => {
    const store = memoryStore();
    await store.open({ migrate: true });
    const once = message({ deduplicate: { key: 'order 7', windowMs: 60_000 } });
    const [one, other] = [memoryTransaction(store), memoryTransaction(store)];
    await store.append([once], one);
    expect(await store.once('event 7', one)).toBe(true);
    const answers: unknown[] = [];
    const waiting = [
      store.append([once]).then(([appended]) => answers.push(appended?.isDuplicate)),
      store.once('event 7', other).then((isNew) => answers.push(!isNew)),
    ];
    await new Promise((resolve) => setImmediate(resolve));
    expect(answers).toEqual([]);
    one[end]();
    await Promise.all(waiting);
    expect(answers).toEqual([end === 'commit', end === 'commit']);
  });
});

/** How long it takes to claim and settle `all` messages, half of them with a key, when all of them wait already. */
async function cpuMsToDrain(all: number): Promise<number> {
  const store = memoryStore();
  await store.open({ migrate: true });
  const hears = { onWake: () => {}, onFinished: () => {}, onLost: () => {}, onFault: () => {} };
  const seat = await store.enroll({ name: 'one', leaseMs: 60_000, ...hears });
  const wanted = [{ channel: 'a', room: 10 }];
  const keyOf = (at: number): string | null => (at % 2 === 0 ? null : `k${at % 1_000}`);
  await store.append(Array.from({ length: all }, (_, at) => message({ priority: at % 3, key: keyOf(at) })));
  const before = process.cpuUsage();
  let count = 0;
  for (let claimed = await store.claim(seat, wanted); claimed.length > 0;) {
    count += claimed.length;
    const settlements = claimed.map((one) => done(one));
    ({ claimed } = await store.exchange(seat, settlements, wanted));
  }
  expect(count).toBe(all);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

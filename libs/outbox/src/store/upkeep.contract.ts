import { describe, expect, it } from 'vitest';
import { bury, done, HOUR_MS, idsOf, message, Scene, type StoreHarness } from './scene.contract.js';
import { StoreOutdatedError } from './store.errors.js';

const FOR_EVER = { maxFinished: undefined };

export function upkeepContract(harness: StoreHarness): void {
  describe('tick', () => {
    it('is true for one of those who ask for a due time, over all processes', async () => {
      const scene = await Scene.of(harness);
      const stores = [scene.store, await scene.another()];
      const asked = Array.from({ length: 10 }, (_, at) => stores[at % 2]?.tick('clock', 1_700_000_000_000));
      expect((await Promise.all(asked)).filter((isFirst) => isFirst === true)).toHaveLength(1);
      expect(await scene.store.tick('clock', 1_700_000_000_000)).toBe(false);
    });

    it('is true for the next due time, and for another ticker', async () => {
      const scene = await Scene.of(harness);
      expect(await scene.store.tick('clock', 1_700_000_000_000)).toBe(true);
      expect(await scene.store.tick('clock', 1_700_000_060_000)).toBe(true);
      expect(await scene.store.tick("o'clock", 1_700_000_060_000)).toBe(true);
      expect(await scene.store.tick('clock', 1_700_000_060_000)).toBe(false);
    });

    it('is not forgotten by a prune soon after', async () => {
      const scene = await Scene.of(harness);
      const now = Date.now();
      expect(await scene.store.tick('clock', now)).toBe(true);
      await scene.bench.elapse(60_000);
      await scene.store.prune(100, FOR_EVER);
      expect(await scene.store.tick('clock', now)).toBe(false);
    });
  });

  describe('once', () => {
    it('is true when a key is new, and is remembered with the commit', async () => {
      const scene = await Scene.of(harness);
      const first = await scene.bench.transaction();
      expect(await scene.store.once('event 7', first.within)).toBe(true);
      expect(await scene.store.once('event 7', first.within)).toBe(false);
      expect(await scene.store.once('event 8', first.within)).toBe(true);
      await first.commit();
      await scene.bench.elapse(60_000);
      await scene.store.prune(100, FOR_EVER);
      const second = await scene.bench.transaction();
      expect(await scene.store.once('event 7', second.within)).toBe(false);
      expect(await scene.store.once("event '9'", second.within)).toBe(true);
      await second.commit();
    });

    it('forgets a key with the rollback', async () => {
      const scene = await Scene.of(harness);
      const first = await scene.bench.transaction();
      const asked = scene.store.once('event 7', first.within);
      if (!scene.bench.isSynchronous) await asked;
      await first.rollback();
      expect(await asked).toBe(true);
      const second = await scene.bench.transaction();
      expect(await scene.store.once('event 7', second.within)).toBe(true);
      await second.commit();
    });
  });

  describe('pause', () => {
    it('is remembered for all processes, with who wanted it first, until it is resumed', async () => {
      const scene = await Scene.of(harness);
      const other = await scene.another();
      expect(await scene.store.paused()).toEqual([]);
      expect(await scene.store.pause("o'mails", 'ann')).toBe(true);
      expect(await other.pause("o'mails", 'bob')).toBe(false);
      expect(await other.pause('audit', null)).toBe(true);
      const since = expect.any(Number) as number;
      expect(await other.paused()).toEqual([
        { channel: 'audit', sinceMs: since, by: null },
        { channel: "o'mails", sinceMs: since, by: 'ann' },
      ]);
      expect(await other.resume("o'mails")).toBe(true);
      expect(await scene.store.resume("o'mails")).toBe(false);
      expect((await scene.store.paused()).map(({ channel }) => channel)).toEqual(['audit']);
    });

    it('is the business of relays: what is claimed goes on, and what is put waits', async () => {
      const scene = await Scene.of(harness);
      const host = await scene.host();
      await scene.append({});
      const [claimed] = await host.claim(1);
      await scene.store.pause('a', null);
      await scene.append({});
      if (claimed !== undefined) await host.settle(done(claimed));
      expect(await scene.places()).toEqual({ ready: 1 });
    });
  });

  describe('prune', () => {
    it('removes at most its limit of rows of each kind, the oldest first', async () => {
      const scene = await Scene.of(harness);
      const asked = Array.from({ length: 5 }, (_, at) => ({
        wantsResult: true,
        deduplicate: { key: `${at}`, windowMs: 10_000 },
      }));
      const ids = await scene.append(...asked);
      const host = await scene.host();
      await host.settle(...(await host.claim()).map((one) => done(one, { keepMs: 10_000 })));
      expect(await scene.store.prune(2, FOR_EVER)).toMatchObject({ finished: 0, deduplications: 0 });
      await scene.bench.elapse(10_001);
      for (const count of [2, 2, 1, 0])
        expect(await scene.store.prune(2, FOR_EVER)).toMatchObject({ finished: count, deduplications: count });
      expect(await scene.store.finished(ids)).toEqual([]);
    });

    it('keeps of each channel as many results as it is told, the latest', async () => {
      const scene = await Scene.of(harness);
      const host = await scene.host();
      const ids: number[] = [];
      for (const channel of ['a', 'a', 'b', 'a', 'a', 'a']) {
        ids.push(await scene.appendOne({ channel, wantsResult: true }));
        await host.settle(done(await host.claimOne(channel), { keepMs: HOUR_MS }));
        await scene.bench.elapse(1_000);
      }
      expect(await scene.store.prune(1, { maxFinished: 2 })).toMatchObject({ finished: 1 });
      expect(idsOf(await scene.store.finished(ids))).toHaveLength(5);
      let removed = 0;
      for (let count = 1; count > 0 && removed < 10; removed += count)
        count = (await scene.store.prune(100, { maxFinished: 2 })).finished;
      expect(removed).toBe(2);
      expect(idsOf(await scene.store.finished(ids)).toSorted((one, other) => one - other)).toEqual([
        ids[2],
        ids[4],
        ids[5],
      ]);
    });

    it('leaves messages alone, in whatever place and however old', async () => {
      const scene = await Scene.of(harness);
      await scene.append({}, {}, {}, { delayMs: 1_000 * HOUR_MS }, { expiresMs: 1 });
      const host = await scene.host({ leaseMs: 10_000 * HOUR_MS });
      const [first] = await host.claim(2);
      if (first !== undefined) await host.settle(bury(first));
      await scene.bench.elapse(800 * HOUR_MS);
      const pruned = await scene.store.prune(100, { maxFinished: 0 });
      expect(pruned).toEqual({ finished: 0, deduplications: 0, ticks: 0, once: 0 });
      expect(await scene.places()).toEqual({ ready: 2, delayed: 1, claimed: 1, dead: 1 });
    });
  });

  describe('peek', () => {
    it('shows what is next on a channel and leaves it there', async () => {
      const scene = await Scene.of(harness);
      const [, second] = await scene.append(
        { priority: -1 },
        { payload: '"two"', headers: '{"a":"b"}' },
        { delayMs: HOUR_MS },
      );
      await scene.append({ channel: 'other' });
      const [shown, ...others] = await scene.store.peek('a', 5);
      expect(shown).toEqual({
        id: second,
        payload: '"two"',
        headers: '{"a":"b"}',
        key: null,
        attempt: 0,
        waitedMs: expect.any(Number) as number,
      });
      expect(others).toHaveLength(1);
      expect(await scene.store.peek('a', 1)).toHaveLength(1);
      expect(await scene.places()).toEqual({ ready: 2, delayed: 1 });
    });

    it('shows what waits behind others of its key as well', async () => {
      const scene = await Scene.of(harness);
      const ids = await scene.append({ key: 'k' }, { key: 'k' }, {}, { key: 'k' }, { key: 'k', delayMs: HOUR_MS });
      const shown = await scene.store.peek('a', 10);
      expect(idsOf(shown).toSorted((one, other) => one - other)).toEqual(ids.slice(0, 4));
      expect(shown.filter(({ key }) => key === 'k').map(({ id }) => id)).toEqual([ids[0], ids[1], ids[3]]);
      expect(await scene.store.peek('a', 3)).toHaveLength(3);
    });
  });

  describe('statistics', () => {
    // IFx12
    it('count what lies in each place of each channel, also of those that nobody serves', async () => {
      const scene = await Scene.of(harness);
      expect(await scene.places()).toEqual({});
      await scene.append({}, {}, {}, { delayMs: HOUR_MS }, { channel: 'nobody knows', key: 'k' });
      const host = await scene.host();
      const [first] = await host.claim(2);
      if (first !== undefined) await host.settle(bury(first));
      const stats = await scene.store.stats();
      expect(stats['a']).toMatchObject({ ready: 1, delayed: 1, claimed: 1, dead: 1, suspects: 0 });
      expect(stats['nobody knows']).toMatchObject({ ready: 1, delayed: 0, claimed: 0, dead: 0, suspects: 0 });
    });

    it('tell how long the oldest ready message has been ready', async () => {
      const scene = await Scene.of(harness);
      await scene.append({ delayMs: HOUR_MS }, { channel: 'b', delayMs: HOUR_MS });
      await scene.bench.elapse(40_000);
      await scene.append({}, { key: 'k' });
      await scene.bench.elapse(20_000);
      await scene.append({});
      const { oldestReadyMs } = await scene.stats();
      expect(oldestReadyMs).toBeGreaterThanOrEqual(20_000);
      expect(oldestReadyMs).toBeLessThan(35_000);
      expect((await scene.stats('b')).oldestReadyMs).toBe(0);
      await (await scene.host()).claim();
      expect((await scene.stats()).oldestReadyMs).toBe(0);
    });
  });

  describe('opening', () => {
    it('refuses an empty store when it may not migrate, and says what is missing', async () => {
      const scene = await Scene.unopened(harness);
      const refusal = await scene.store.open({ migrate: false }).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(StoreOutdatedError);
      const status = await scene.store.migrations.status();
      expect((refusal as StoreOutdatedError).pending).toEqual(status.map(({ name }) => name));
      expect((refusal as StoreOutdatedError).store).toBe(scene.store.kind);
      await scene.store.open({ migrate: true });
    });

    it('is harmless when it is open, and finds what was there', async () => {
      const scene = await Scene.of(harness);
      const id = await scene.appendOne();
      await scene.store.open({ migrate: true });
      await scene.store.open({ migrate: false });
      const host = await scene.host({ store: await scene.another() });
      expect((await host.claimOne()).id).toBe(id);
    });

    it('gives a store back what was there when it was closed', async () => {
      const scene = await Scene.of(harness);
      const other = await scene.another();
      const [first] = idsOf(await other.append([message()]));
      await other.close();
      expect(idsOf(await (await scene.host()).claim())).toEqual([first]);
    });
  });

  describe('migrations', () => {
    it('are applied once by all who try at the same time, before a store is open', async () => {
      const scene = await Scene.unopened(harness);
      const other = await scene.bench.another();
      const { migrations } = scene.store;
      const names = (await migrations.status()).map(({ name }) => name);
      const applied = await Promise.all(
        [migrations, other.migrations, migrations, other.migrations].map((one) => one.run()),
      );
      expect(applied.flat()).toEqual(names);
      await other.open({ migrate: false });
      await Promise.all([scene.store.open({ migrate: true }), other.open({ migrate: true })]);
      expect(await migrations.run()).toEqual([]);
    });

    it('are applied by stores that open at the same time', async () => {
      const scene = await Scene.unopened(harness);
      const other = await scene.bench.another();
      await Promise.all([scene.store.open({ migrate: true }), other.open({ migrate: true })]);
      const id = await scene.appendOne();
      expect((await (await scene.host({ store: other })).claimOne()).id).toBe(id);
    });

    it('are numbered, named, and told with the time at which they were applied', async () => {
      const scene = await Scene.unopened(harness);
      const { migrations } = scene.store;
      const before = await migrations.status();
      expect(before.map(({ number }) => number)).toEqual(before.map((_, at) => at + 1));
      expect(new Set(before.map(({ name }) => name)).size).toBe(before.length);
      expect(before.every(({ appliedAtMs }) => appliedAtMs === undefined)).toBe(true);
      await migrations.run();
      const after = await migrations.status();
      expect(after.map(({ number, name }) => [number, name])).toEqual(before.map(({ number, name }) => [number, name]));
      expect(after.every(({ appliedAtMs }) => typeof appliedAtMs === 'number')).toBe(true);
      expect(migrations.sql().length).toBeGreaterThan(migrations.sql(before.length).length);
    });
  });

  describe('the installation', () => {
    it('is the same for all processes and for ever, and another one for other data', async () => {
      const scene = await Scene.of(harness);
      const name = await scene.store.installation();
      expect(name).toMatch(/./);
      await scene.store.migrations.run();
      await scene.store.open({ migrate: true });
      expect(await (await scene.another()).installation()).toBe(name);
      expect(await scene.store.installation()).toBe(name);
      expect(await (await Scene.of(harness)).store.installation()).not.toBe(name);
    });
  });
}

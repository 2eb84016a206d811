import { describe, expect, it } from 'vitest';
import { bury, done, idsOf, message, Scene, type StoreHarness } from './scene.contract.js';

const PAYLOADS = {
  null: 'null',
  'an empty text': '""',
  'a number of many digits': '12345678901234567890.5',
  'quotes and backslashes': JSON.stringify(`'"\\ '' "" \\\\ ; drop table messages; -- $1 ? :a @b`),
  'an escaped null character': '{"a":"before\\u0000after"}',
  'an emoji': JSON.stringify('👩‍👩‍👧 and 𝒳'),
  'escaped lone surrogates': '["\\ud800","\\udfff"]',
  'line ends and other controls': JSON.stringify('\n\r\t\u0001\u2028\u2029\ufeff\u007f'),
  'the order and the doubling of its names': '{"b":1,"a":2,"b":3,"__proto__":4}',
  'white space': ' { "a" :\n 1 } ',
  'a megabyte': JSON.stringify('ä'.repeat(500_000)),
};

export function appendContract(harness: StoreHarness): void {
  describe('append', () => {
    // IF5 IF21
    it('gives each message an id, the later the higher, and what was appended can be claimed', async () => {
      const scene = await Scene.of(harness);
      const ids = await scene.append({ payload: '1' }, { payload: '2' }, { payload: '3' });
      ids.push(await scene.appendOne({ payload: '4' }));
      expect(ids).toEqual([...new Set(ids)].toSorted((one, other) => one - other));
      const claimed = await (await scene.host()).claim();
      expect(claimed.map(({ id, payload }) => [id, payload])).toEqual(ids.map((id, at) => [id, `${at + 1}`]));
    });

    it('takes none as well as many', async () => {
      const scene = await Scene.of(harness);
      expect(await scene.store.append([])).toEqual([]);
      const ids = await scene.append(...Array.from({ length: 2_500 }, (_, at) => ({ payload: `${at}` })));
      const claimed = await (await scene.host()).claim(5_000);
      expect(idsOf(claimed)).toEqual(ids);
      expect(claimed.map(({ payload }) => payload)).toEqual(ids.map((_, at) => `${at}`));
    });

    it('shows what it has appended to other processes', async () => {
      const scene = await Scene.of(harness);
      const id = await scene.appendOne({ payload: '"there"' });
      const [, other] = await scene.hosts();
      expect(await other.claimOne()).toMatchObject({ id, payload: '"there"' });
    });

    // IF78
    it.each(Object.entries(PAYLOADS))('brings a payload with %s back as it was', async (_, payload) => {
      const scene = await Scene.of(harness);
      await scene.appendOne({ payload });
      const host = await scene.host();
      const claimed = await host.claimOne();
      expect(claimed.payload === payload).toBe(true);
      await host.settle(bury(claimed));
      expect((await scene.letter()).payload === payload).toBe(true);
    });

    it('brings headers back as they were, and none as none', async () => {
      const scene = await Scene.of(harness);
      const headers = '{"tenant":"o\'neil \\u0000 👋","n":1}';
      await scene.append({ headers }, { headers: null }, { headers: '{}' });
      const claimed = await (await scene.host()).claim();
      expect(claimed.map((one) => one.headers)).toEqual([headers, null, '{}']);
    });

    it.each(['a b', `it's "quoted"`, 'constructor', '中文 👋', 'x'.repeat(200), 'A', '%_'])(
      'takes %j for a channel and for a key',
      async (name) => {
        const scene = await Scene.of(harness);
        const [id, follower] = await scene.append({ channel: name, key: name }, { channel: name, key: name });
        await scene.append({ channel: 'a' }, { channel: `${name}.` });
        const host = await scene.host();
        const claimed = await host.claim(9, name);
        expect(claimed.map(({ id, channel, key }) => ({ id, channel, key }))).toEqual([
          { id, channel: name, key: name },
        ]);
        expect(await scene.places(name)).toEqual({ ready: 1, claimed: 1 });
        await host.settle(...claimed.map((one) => done(one)));
        expect(idsOf(await host.claim(9, name))).toEqual([follower]);
      },
    );

    it('says when a message was created, on the clock of the store', async () => {
      const scene = await Scene.of(harness);
      await scene.appendOne();
      await scene.bench.elapse(10_000);
      await scene.appendOne();
      const [first, second] = await (await scene.host()).claim();
      const difference = (second?.createdAtMs ?? 0) - (first?.createdAtMs ?? 0);
      expect(difference).toBeGreaterThanOrEqual(10_000);
      expect(difference).toBeLessThan(20_000);
    });
  });

  describe('append within a transaction', () => {
    // IF2
    it('shows nothing before the commit and everything after it, in the order given', async () => {
      const scene = await Scene.of(harness);
      const { within, commit } = await scene.bench.transaction();
      const appending = scene.store.append([message({ payload: '1' }), message({ payload: '2' })], within);
      if (!scene.bench.isSynchronous) {
        await appending;
        // A store whose handle is synchronous has but one, and it is inside the transaction.
        expect(await scene.places()).toEqual({});
      }
      await commit();
      const appended = await appending;
      const claimed = await (await scene.host()).claim();
      expect(claimed.map(({ id, payload }) => [id, payload])).toEqual(appended.map(({ id }, at) => [id, `${at + 1}`]));
    });

    // IF4
    it('leaves nothing behind when the transaction is rolled back', async () => {
      const scene = await Scene.of(harness);
      const { within, rollback } = await scene.bench.transaction();
      const appending = scene.store.append([message(), message({ key: 'k' }), message({ delayMs: 1_000 })], within);
      if (!scene.bench.isSynchronous) await appending;
      await rollback();
      await appending;
      expect(await scene.places()).toEqual({});
      const next = await scene.appendOne({ key: 'k' });
      expect(idsOf(await (await scene.host()).claim())).toEqual([next]);
    });

    it('writes all of several appends with one commit', async () => {
      const scene = await Scene.of(harness);
      const { within, commit } = await scene.bench.transaction();
      const appending = [1, 2, 3].map((n) => () => scene.store.append([message({ payload: `${n}` })], within));
      const ids: number[] = [];
      for (const append of appending) ids.push(...idsOf(await append()));
      await commit();
      expect(idsOf(await (await scene.host()).claim())).toEqual(ids);
    });

    it('remembers the key of a duplicate only when it is committed', async () => {
      const scene = await Scene.of(harness);
      const once = message({ deduplicate: { key: 'order 7', windowMs: HALF_MINUTE_MS } });
      const undone = await scene.bench.transaction();
      expect(await scene.store.append([once, once], undone.within)).toMatchObject([
        { isDuplicate: false },
        { isDuplicate: true },
      ]);
      await undone.rollback();
      const kept = await scene.bench.transaction();
      const [first] = await scene.store.append([once], kept.within);
      expect(first).toMatchObject({ isDuplicate: false });
      await kept.commit();
      expect(await scene.store.append([once])).toEqual([{ id: first?.id, isDuplicate: true }]);
      expect(await scene.places()).toEqual({ ready: 1 });
    });
  });

  describe('duplicates', () => {
    const once = message({ deduplicate: { key: 'order 7', windowMs: HALF_MINUTE_MS } });

    it('are not written within the window, and name the message that is there', async () => {
      const scene = await Scene.of(harness);
      const [first] = await scene.store.append([once]);
      expect(first).toMatchObject({ isDuplicate: false });
      await scene.bench.elapse(HALF_MINUTE_MS / 2);
      const again = await scene.store.append([message({ payload: '1' }), { ...once, payload: '2' }, message()]);
      expect(again.map(({ isDuplicate }) => isDuplicate)).toEqual([false, true, false]);
      expect(again[1]?.id).toBe(first?.id);
      expect(await scene.places()).toEqual({ ready: 3 });
    });

    it('are found within one append', async () => {
      const scene = await Scene.of(harness);
      const [first, second] = await scene.store.append([once, once]);
      expect(second).toEqual({ id: first?.id, isDuplicate: true });
    });

    it('are found when the message is done and gone', async () => {
      const scene = await Scene.of(harness);
      const [first] = await scene.store.append([once]);
      const host = await scene.host();
      await host.settle(done(await host.claimOne()));
      expect(await scene.store.append([once])).toEqual([{ id: first?.id, isDuplicate: true }]);
      expect(await scene.places()).toEqual({});
    });

    it('are written when the window is over, and begin a window of their own', async () => {
      const scene = await Scene.of(harness);
      const [first] = await scene.store.append([once]);
      await scene.bench.elapse(HALF_MINUTE_MS - 10_000);
      expect(await scene.store.append([once])).toEqual([{ id: first?.id, isDuplicate: true }]);
      await scene.bench.elapse(10_001);
      const [second] = await scene.store.append([once]);
      expect(second).toMatchObject({ isDuplicate: false });
      expect(second?.id).not.toBe(first?.id);
      await scene.bench.elapse(10_000);
      expect(await scene.store.append([once])).toEqual([{ id: second?.id, isDuplicate: true }]);
    });

    it('are of one channel only', async () => {
      const scene = await Scene.of(harness);
      await scene.store.append([once]);
      expect(await scene.store.append([{ ...once, channel: 'b' }])).toMatchObject([{ isDuplicate: false }]);
    });

    // IF40
    it('are written once by processes that append at the same time', async () => {
      const scene = await Scene.of(harness);
      const stores = [scene.store, await scene.another()];
      const all = await Promise.all(Array.from({ length: 20 }, (_, at) => stores[at % 2]?.append([once]) ?? []));
      expect(all.flat().filter(({ isDuplicate }) => !isDuplicate)).toHaveLength(1);
      expect(new Set(idsOf(all.flat())).size).toBe(1);
      expect(await scene.places()).toEqual({ ready: 1 });
    });
  });
}

const HALF_MINUTE_MS = 30_000;

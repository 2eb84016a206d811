import { describe, expect, it } from 'vitest';
import type { Claimed } from './store.js';
import {
  bury,
  done,
  expire,
  HOUR_MS,
  idsOf,
  release,
  retry,
  Scene,
  sorted,
  type StoreHarness,
  type TestHost,
  turn,
} from './scene.contract.js';

export function claimContract(harness: StoreHarness): void {
  describe('claim', () => {
    // IF22
    it('gives nothing when there is nothing', async () => {
      const scene = await Scene.of(harness);
      const host = await scene.host();
      expect(await host.claim()).toEqual([]);
      expect(await scene.store.claim(host.seat, [])).toEqual([]);
      expect(await scene.store.claimSuspect(host.seat, ['a'])).toBeUndefined();
    });

    // IF23
    it('gives a message to one host, and to no other while that one holds it', async () => {
      const scene = await Scene.of(harness);
      await scene.append({}, {}, {});
      const [one, two] = await scene.hosts();
      expect(await one.claim()).toHaveLength(3);
      expect(await two.claim()).toEqual([]);
      expect(await one.claim()).toEqual([]);
      expect(await scene.places()).toEqual({ claimed: 3 });
    });

    it('tells all that is known of a message', async () => {
      const scene = await Scene.of(harness);
      const id = await scene.appendOne({ payload: '[1]', headers: '{"t":1}', key: 'k', wantsResult: true });
      const claimed = await (await scene.host()).claimOne();
      expect(claimed).toEqual({
        id,
        claim: expect.any(Number) as number,
        channel: 'a',
        payload: '[1]',
        headers: '{"t":1}',
        key: 'k',
        attempt: 1,
        crashes: 0,
        createdAtMs: expect.any(Number) as number,
        waitedMs: expect.any(Number) as number,
        isExpired: false,
        isSuspect: false,
        wantsResult: true,
      });
    });

    it('takes at most the room there is, of each channel for itself', async () => {
      const scene = await Scene.of(harness);
      const a = await scene.append({}, {}, {});
      const b = await scene.append({ channel: 'b' }, { channel: 'b' }, { channel: 'b' });
      const c = await scene.append({ channel: 'c' });
      const host = await scene.host();
      const wanted = [
        { channel: 'a', room: 2 },
        { channel: 'b', room: 2 },
        { channel: 'c', room: 0 },
        { channel: 'd', room: 5 },
      ];
      const claimed = await scene.store.claim(host.seat, wanted);
      expect(idsOf(claimed.filter(({ channel }) => channel === 'a'))).toEqual(a.slice(0, 2));
      expect(idsOf(claimed.filter(({ channel }) => channel === 'b'))).toEqual(b.slice(0, 2));
      expect(claimed).toHaveLength(4);
      expect(await scene.places('c')).toEqual({ ready: c.length });
    });

    // IF45, IFx12
    it('leaves alone what lies in channels that were not asked for', async () => {
      const scene = await Scene.of(harness);
      await scene.append({ channel: 'b' }, { channel: 'c' });
      expect(await (await scene.host()).claim()).toEqual([]);
      expect(await scene.places('b')).toEqual({ ready: 1 });
    });

    it('gives the higher priority first, then the older', async () => {
      const scene = await Scene.of(harness);
      const priorities = [0, -9, 9, 0, 3, 9, -1, 3];
      const ids = await scene.append(...priorities.map((priority) => ({ priority })));
      const claimed = idsOf(await (await scene.host()).claim());
      expect(claimed.map((id) => priorities[ids.indexOf(id)])).toEqual([9, 9, 3, 3, 0, 0, -1, -9]);
      expect(claimed).toEqual([2, 5, 4, 7, 0, 3, 6, 1].map((at) => ids[at]));
    });

    it('gives a message that came back before the younger ones', async () => {
      const scene = await Scene.of(harness);
      const [first, second, third] = await scene.append({}, {}, {});
      const host = await scene.host();
      const [one, two] = await host.claim(2);
      await host.settle(release(two as Claimed), retry(one as Claimed, 1_000));
      await scene.pass(1_000);
      expect(idsOf(await host.claim())).toEqual([first, second, third]);
    });

    // IFx2
    it('counts each claim as an attempt, and its number grows', async () => {
      const scene = await Scene.of(harness);
      await scene.appendOne();
      const host = await scene.host();
      let before = -Infinity;
      for (const attempt of [1, 2, 3]) {
        const claimed = await host.claimOne();
        expect(claimed).toMatchObject({ attempt, crashes: 0 });
        expect(claimed.claim).toBeGreaterThan(before);
        before = claimed.claim;
        await host.settle(retry(claimed, 1_000));
        await scene.pass(1_000);
      }
    });

    it('gives one attempt back for a release, and the number of the claim grows all the same', async () => {
      const scene = await Scene.of(harness);
      await scene.appendOne();
      const host = await scene.host();
      const first = await host.claimOne();
      await host.settle(retry(first, 1_000));
      await scene.pass(1_000);
      const second = await host.claimOne();
      await host.settle(release(second));
      const third = await host.claimOne();
      expect(third.attempt).toBe(2);
      expect(third.claim).toBeGreaterThan(second.claim);
    });

    it('says how long a message has been ready: since it was created, or was due', async () => {
      const scene = await Scene.of(harness);
      await scene.append({}, { delayMs: 20_000 });
      await scene.pass(30_000);
      const [first, second] = await (await scene.host()).claim();
      expect(first?.waitedMs).toBeGreaterThanOrEqual(30_000);
      expect(first?.waitedMs).toBeLessThan(45_000);
      expect(second?.waitedMs).toBeGreaterThanOrEqual(9_999);
      expect(second?.waitedMs).toBeLessThan(20_000);
    });

    it('says of a message whose time is over that it has expired, and gives it all the same', async () => {
      const scene = await Scene.of(harness);
      const [brief, lasting, kept] = await scene.append({ expiresMs: 1_000 }, { expiresMs: HOUR_MS }, {});
      await scene.bench.elapse(1_001);
      const host = await scene.host();
      const claimed = await host.claim();
      expect(claimed.map(({ id, isExpired }) => [id, isExpired])).toEqual([
        [brief, true],
        [lasting, false],
        [kept, false],
      ]);
      await host.settle(expire(claimed[0] as Claimed));
      expect(await scene.places()).toEqual({ claimed: 2 });
    });

    // IF19 IF67 IF80
    it('gives no message to two hosts that claim at the same time', { timeout: 30_000 }, async () => {
      const scene = await Scene.of(harness);
      const ids = await scene.append(...Array.from({ length: 300 }, (_, at) => ({ priority: at % 3 })));
      const hosts = [...(await scene.hosts()), ...(await scene.hosts())];
      const seen: number[] = [];
      await Promise.all(
        hosts.map(async (host) => {
          for (let round = 0; seen.length < ids.length && round < MANY; round++) {
            const claimed = await host.claim(7);
            seen.push(...idsOf(claimed));
            await turn();
            await host.settle(...claimed.map((one) => done(one)));
          }
        }),
      );
      expect(sorted(seen)).toEqual(ids);
      expect(await scene.places()).toEqual({});
    });
  });

  describe('a delay', () => {
    // IF9 IF27 IF28 IF69
    it('keeps a message back until it is due', async () => {
      const scene = await Scene.of(harness);
      const id = await scene.appendOne({ delayMs: 10_000 });
      const host = await scene.host();
      expect(await scene.store.promote(['a'])).toMatchObject({ count: 0 });
      expect(await host.claim()).toEqual([]);
      expect(await scene.places()).toEqual({ delayed: 1 });
      await scene.bench.elapse(10_000);
      expect(await scene.store.promote(['a'])).toEqual({ count: 1, nextDueMs: undefined });
      expect(idsOf(await host.claim())).toEqual([id]);
    });

    it('of nothing, or until a time that is over, is none', async () => {
      const scene = await Scene.of(harness);
      const now = await nowOf(scene);
      const ids = await scene.append({ delayMs: 0 }, { atMs: now - HOUR_MS }, { atMs: 0 });
      await scene.store.promote(['a']);
      expect(idsOf(await (await scene.host()).claim())).toEqual(ids);
    });

    it('can be until a time', async () => {
      const scene = await Scene.of(harness);
      const id = await scene.appendOne({ atMs: (await nowOf(scene)) + HOUR_MS });
      const host = await scene.host();
      await scene.pass(HOUR_MS / 2);
      expect(await host.claim()).toEqual([]);
      await scene.pass(HOUR_MS / 2 + 1);
      expect(idsOf(await host.claim())).toEqual([id]);
    });

    it('is told as the time until the next message is due, of the channels asked for', async () => {
      const scene = await Scene.of(harness);
      expect(await scene.store.promote(['a', 'b'])).toEqual({ count: 0, nextDueMs: undefined });
      await scene.append({ delayMs: 2 * HOUR_MS }, { delayMs: HOUR_MS }, { channel: 'b', delayMs: HOUR_MS / 2 });
      const near = async (channels: string[]) => (await scene.store.promote(channels)).nextDueMs ?? NaN;
      for (const [channels, dueMs] of [
        [['a'], HOUR_MS],
        [['a', 'b'], HOUR_MS / 2],
      ] as const) {
        const found = await near([...channels]);
        expect(found).toBeLessThanOrEqual(dueMs);
        expect(found).toBeGreaterThan(dueMs - 60_000);
      }
      expect(await scene.store.promote(['c'])).toEqual({ count: 0, nextDueMs: undefined });
      await scene.bench.elapse(HOUR_MS);
      const after = await scene.store.promote(['a']);
      expect(after.count).toBe(1);
      expect(after.nextDueMs).toBeGreaterThan(HOUR_MS - 60_000);
      expect(await scene.places('b')).toEqual({ delayed: 1 });
    });

    it('is over for all processes when one of them makes it ready, once', async () => {
      const scene = await Scene.of(harness);
      const ids = await scene.append(...Array.from({ length: 50 }, () => ({ delayMs: 1_000 })));
      await scene.bench.elapse(1_000);
      const other = await scene.another();
      const all = await Promise.all([scene.store, other, scene.store, other].map((store) => store.promote(['a'])));
      expect(all.reduce((sum, { count }) => sum + count, 0)).toBe(ids.length);
      expect(idsOf(await (await scene.host()).claim())).toEqual(ids);
    });

    // IF25 IF30 IF64 IF70
    it('of a retry is counted from now', async () => {
      const scene = await Scene.of(harness);
      const id = await scene.appendOne();
      const host = await scene.host();
      await host.settle(retry(await host.claimOne(), 60_000));
      await scene.pass(30_000);
      expect(await host.claim()).toEqual([]);
      expect(await scene.places()).toEqual({ delayed: 1 });
      await scene.pass(30_000);
      expect(await host.claimOne()).toMatchObject({ id, attempt: 2, crashes: 0 });
    });
  });

  describe('a key', () => {
    // IF18 IF75
    it('has its messages claimed one at a time, in their order, over all hosts', async () => {
      const scene = await Scene.of(harness);
      const ids = await scene.append({ key: 'k' }, { key: 'k' }, { key: 'k' });
      const [one, two] = await scene.hosts();
      for (const [at, id] of ids.entries()) {
        const [host, other] = at % 2 === 0 ? [one, two] : [two, one];
        const claimed = await host.claim();
        expect(idsOf(claimed)).toEqual([id]);
        expect(await other.claim()).toEqual([]);
        expect(await host.claim()).toEqual([]);
        await host.settle(...claimed.map((claim) => done(claim)));
      }
      expect(await scene.places()).toEqual({});
    });

    it('holds up neither another key nor a message without one, nor the same key of another channel', async () => {
      const scene = await Scene.of(harness);
      const [k] = await scene.append({ key: 'k' }, { key: 'k' });
      const [free, l] = await scene.append({}, { key: 'l' }, { key: 'l' });
      const other = await scene.appendOne({ channel: 'b', key: 'k' });
      const host = await scene.host();
      expect(sorted(idsOf(await host.claim()))).toEqual([k, free, l]);
      expect(idsOf(await host.claim(9, 'b'))).toEqual([other]);
    });

    it('is followed in its order whatever the priorities are', async () => {
      const scene = await Scene.of(harness);
      const ids = await scene.append({ key: 'k', priority: -9 }, { key: 'k', priority: 9 }, { key: 'k' });
      expect(await claimAll(await scene.host())).toEqual(ids);
    });

    it('has its head stand in line with the other messages as one without a priority', async () => {
      const scene = await Scene.of(harness);
      const [keyed, plain, high, low] = await scene.append(
        { key: 'k', priority: -9 },
        {},
        { priority: 1 },
        { key: 'l', priority: 9 },
      );
      expect(idsOf(await (await scene.host()).claim())).toEqual([high, keyed, plain, low]);
    });

    it('waits for a head that is tried again', async () => {
      const scene = await Scene.of(harness);
      const ids = await scene.append({ key: 'k' }, { key: 'k' });
      const [one, two] = await scene.hosts();
      await one.settle(retry(await one.claimOne(), 10_000));
      expect(await two.claim()).toEqual([]);
      await scene.pass(10_000);
      expect(idsOf(await two.claim())).toEqual([ids[0]]);
    });

    it('waits for a head that was given back', async () => {
      const scene = await Scene.of(harness);
      const ids = await scene.append({ key: 'k' }, { key: 'k' });
      const host = await scene.host();
      await host.settle(release(await host.claimOne()));
      expect(await claimAll(host)).toEqual(ids);
    });

    it('waits for a head that is not due yet', async () => {
      const scene = await Scene.of(harness);
      const ids = await scene.append({ key: 'k', delayMs: 10_000 }, { key: 'k' });
      const host = await scene.host();
      expect(await host.claim()).toEqual([]);
      await scene.pass(10_000);
      expect(await claimAll(host)).toEqual(ids);
    });

    it('goes on when its head is buried, and when it expired', async () => {
      const scene = await Scene.of(harness);
      const ids = await scene.append({ key: 'k' }, { key: 'k', expiresMs: 1 }, { key: 'k' });
      await scene.bench.elapse(10);
      const host = await scene.host();
      await host.settle(bury(await host.claimOne()));
      const second = await host.claimOne();
      expect(second).toMatchObject({ id: ids[1], isExpired: true });
      await host.settle(expire(second));
      expect((await host.claimOne()).id).toBe(ids[2]);
    });

    it('goes on with the crashed head when its host is killed, and then with the next', async () => {
      const scene = await Scene.of(harness);
      const ids = await scene.append({ key: 'k' }, { key: 'k' });
      const [one, two] = await scene.hosts();
      await one.claimOne();
      await scene.bench.killHost(one.seat);
      await two.takeOver();
      expect(await two.claim()).toEqual([]);
      const suspect = await two.claimSuspect();
      expect(suspect.id).toBe(ids[0]);
      expect(await two.claim()).toEqual([]);
      await two.settle(done(suspect));
      expect(idsOf(await two.claim())).toEqual([ids[1]]);
    });

    it('goes on with the next when its head crashed too often', async () => {
      const scene = await Scene.of(harness);
      const ids = await scene.append({ key: 'k' }, { key: 'k' });
      const [one, two] = await scene.hosts();
      await one.claimOne();
      await scene.bench.killHost(one.seat);
      await two.takeOver(['a'], 1);
      expect(idsOf(await two.claim())).toEqual([ids[1]]);
    });

    it('has a dead letter that is retried run before the younger ones, but not beside one', async () => {
      const scene = await Scene.of(harness);
      const ids = await scene.append({ key: 'k' }, { key: 'k' }, { key: 'k' });
      const host = await scene.host();
      await host.settle(bury(await host.claimOne()));
      const second = await host.claimOne();
      expect(await scene.store.deadLetters.retry({})).toEqual([ids[0]]);
      expect(await host.claim()).toEqual([]);
      await host.settle(done(second));
      expect(await claimAll(host)).toEqual([ids[0], ids[2]]);
    });

    it('has a dead letter that is retried run before a younger one that is ready already', async () => {
      const scene = await Scene.of(harness);
      const ids = await scene.append({ key: 'k' }, { key: 'k' });
      const host = await scene.host();
      await host.settle(bury(await host.claimOne()));
      await scene.store.deadLetters.retry({});
      const claimed = await host.claim();
      expect(idsOf(claimed)).toEqual([ids[0]]);
      await host.settle(...claimed.map((one) => done(one)));
      expect(idsOf(await host.claim())).toEqual([ids[1]]);
    });

    it('is one at a time and in order for suspects too', async () => {
      const scene = await Scene.of(harness);
      const ids = await scene.append({ key: 'k' }, { key: 'k' });
      const [one, two] = await scene.hosts();
      await two.settle(bury(await two.claimOne()));
      await one.claimOne();
      await scene.bench.killHost(one.seat);
      await two.takeOver();
      await scene.store.deadLetters.retry({});
      expect(await two.store.claimSuspect(two.seat, ['a'])).toBeUndefined();
      const first = await two.claimOne();
      expect(first.id).toBe(ids[0]);
      expect(await two.store.claimSuspect(two.seat, ['a'])).toBeUndefined();
      await two.settle(done(first));
      expect((await two.claimSuspect()).id).toBe(ids[1]);
    });

    it('keeps its order and its one at a time under many claims at once', { timeout: 30_000 }, async () => {
      const scene = await Scene.of(harness);
      const keys = ['k', 'l', 'm', 'n', 'o'];
      const sent = Array.from({ length: 100 }, (_, at) => ({ key: keys[at % keys.length] as string }));
      const ids = await scene.append(...sent);
      const hosts = [...(await scene.hosts()), ...(await scene.hosts())];
      const entered: Record<string, number[]> = {};
      const inside = new Set<string | null>();
      let count = 0;
      await Promise.all(
        hosts.map(async (host) => {
          for (let round = 0; count < ids.length && round < MANY; round++) {
            const claimed = await host.claim(3);
            for (const { id, key } of claimed) {
              expect(inside.has(key)).toBe(false);
              inside.add(key);
              (entered[key ?? ''] ??= []).push(id);
            }
            await turn();
            for (const { key } of claimed) inside.delete(key);
            count += claimed.length;
            await host.settle(...claimed.map((one) => done(one)));
          }
        }),
      );
      for (const [at, key] of keys.entries())
        expect(entered[key]).toEqual(ids.filter((_, index) => index % keys.length === at));
    });
  });
}

/** More rounds than any of these loops needs: a store that never ends one has failed. */
const MANY = 5_000;

/** The time on the clock of the store. */
async function nowOf(scene: Scene): Promise<number> {
  await scene.appendOne({ channel: 'clock' });
  const host = await scene.host();
  const claimed = await host.claimOne('clock');
  await host.settle(done(claimed));
  return claimed.createdAtMs;
}

/** Claims and settles until there is nothing more; returns the ids in that order. */
async function claimAll(host: TestHost): Promise<number[]> {
  const ids: number[] = [];
  for (let claimed = await host.claim(1); claimed.length > 0 && ids.length < MANY; claimed = await host.claim(1)) {
    ids.push(...idsOf(claimed));
    await host.settle(...claimed.map((one) => done(one)));
  }
  return ids;
}

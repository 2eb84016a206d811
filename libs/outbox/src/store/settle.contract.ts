import { until } from '@nestjs-workers/core/testing';
import { describe, expect, it } from 'vitest';
import {
  bury,
  type Claim,
  done,
  expire,
  failure,
  HOUR_MS,
  idsOf,
  message,
  release,
  retry,
  Scene,
  type StoreHarness,
  type TestHost,
} from './scene.contract.js';
import type { Claimed, Settlement } from './store.js';

const SETTLEMENTS: Readonly<Record<Settlement['type'], (claim: Claim) => Settlement>> = {
  done: (claim) => done(claim, { result: '"late"', keepMs: HOUR_MS, routed: [message({ channel: 'routed' })] }),
  retry: (claim) => retry(claim, 1_000, { isCrash: true }),
  bury: (claim) => bury(claim, { result: '"late"', keepMs: HOUR_MS }),
  release,
  expire,
};
const TYPES = Object.keys(SETTLEMENTS) as Settlement['type'][];

export function settleContract(harness: StoreHarness): void {
  describe('settle', () => {
    // IF24 IF29
    it('removes what is done', async () => {
      const scene = await Scene.of(harness);
      await scene.append({}, {});
      const host = await scene.host();
      const [first] = await host.claim();
      await host.settle(done(first as Claimed));
      expect(await scene.places()).toEqual({ claimed: 1 });
      expect(await scene.dead()).toEqual([]);
    });

    it('takes none, and many of every type at once', async () => {
      const scene = await Scene.of(harness);
      await scene.append({}, {}, {}, {}, {}, {});
      const host = await scene.host();
      await host.settle();
      const claimed = await host.claim();
      await host.settle(...TYPES.map((type, at) => SETTLEMENTS[type](claimed[at] as Claimed)));
      expect(await scene.places()).toEqual({ ready: 1, delayed: 1, claimed: 1, dead: 1 });
      expect(await scene.places('routed')).toEqual({ ready: 1 });
    });

    it('takes a thousand at once', async () => {
      const scene = await Scene.of(harness);
      const ids = await scene.append(...Array.from({ length: 1_000 }, () => ({ wantsResult: true })));
      const host = await scene.host();
      const claimed = await host.claim(1_000);
      await host.settle(...claimed.map((one) => done(one, { result: `${one.id}`, keepMs: HOUR_MS })));
      expect(await scene.places()).toEqual({});
      const finished = await scene.store.finished(ids);
      expect(finished.map(({ id, result }) => [id, result])).toEqual(ids.map((id) => [id, `${id}`]));
    });

    // IF24: ready again at once, and the attempt given back.
    it('makes what was given back ready for any host', async () => {
      const scene = await Scene.of(harness);
      const id = await scene.appendOne();
      const [one, two] = await scene.hosts();
      await one.settle(release(await one.claimOne()));
      expect(await two.claimOne()).toMatchObject({ id, attempt: 1, crashes: 0, isSuspect: false });
    });

    it('counts a crash that is told with a retry', async () => {
      const scene = await Scene.of(harness);
      await scene.appendOne();
      const host = await scene.host();
      await host.settle(retry(await host.claimOne(), 1_000, { isCrash: false }));
      await scene.pass(1_000);
      const second = await host.claimOne();
      expect(second.crashes).toBe(0);
      await host.settle(retry(second, 1_000, { isCrash: true }));
      await scene.pass(1_000);
      const suspect = await scene.store.claimSuspect(host.seat, ['a']);
      const third = suspect ?? (await host.claimOne());
      expect(third).toMatchObject({ crashes: 1, attempt: 3 });
    });

    // IF26 IF16 IF71
    it('buries with the reason and the failure', async () => {
      const scene = await Scene.of(harness);
      const id = await scene.appendOne();
      const host = await scene.host();
      await host.settle(bury(await host.claimOne(), { reason: 'permanent', failure }));
      expect(await host.claim()).toEqual([]);
      expect(await scene.letter()).toMatchObject({
        id,
        reason: 'permanent',
        attempt: 1,
        crashes: 0,
        history: [{ ...failure, atMs: expect.any(Number) as number }],
      });
    });

    it('counts a crash that is told with a burial', async () => {
      const scene = await Scene.of(harness);
      await scene.append({}, {});
      const host = await scene.host();
      const [first, second] = await host.claim();
      await host.settle(bury(first as Claimed, { isCrash: true }), bury(second as Claimed));
      expect((await scene.dead()).map(({ crashes }) => crashes).toSorted((a, b) => a - b)).toEqual([0, 1]);
    });

    it('removes what expired', async () => {
      const scene = await Scene.of(harness);
      await scene.appendOne({ expiresMs: 1 });
      await scene.bench.elapse(10);
      const host = await scene.host();
      await host.settle(expire(await host.claimOne()));
      expect(await scene.places()).toEqual({});
    });
  });

  describe('fencing', () => {
    // IF14, IF13
    it.each(TYPES)(
      'writes nothing for a late %s, and tells it back, when another host holds the message',
      async (type) => {
        const scene = await Scene.of(harness);
        const id = await scene.appendOne({ wantsResult: true });
        const [one, two] = await scene.hosts(30_000);
        const late = await one.claimOne();
        await lapse(scene, two);
        await two.takeOver();
        const held = await two.claimSuspect();
        expect(held.id).toBe(id);
        const before = await scene.store.stats();
        expect(await one.store.settle(one.seat, [SETTLEMENTS[type](late)])).toEqual([id]);
        expect(countsOf(await scene.store.stats())).toEqual(countsOf(before));
        expect(await scene.store.finished([id])).toEqual([]);
        await two.settle(done(held));
      },
    );

    it.each(TYPES)('writes nothing for a late %s, and tells it back, when nobody holds the message', async (type) => {
      const scene = await Scene.of(harness);
      const id = await scene.appendOne({ wantsResult: true });
      const [one, two] = await scene.hosts(30_000);
      const late = await one.claimOne();
      await lapse(scene, two);
      await two.takeOver();
      expect(await one.store.settle(one.seat, [SETTLEMENTS[type](late)])).toEqual([id]);
      expect(await scene.stats()).toMatchObject({ ready: 1, suspects: 1, delayed: 0, claimed: 0, dead: 0 });
      expect(await scene.places('routed')).toEqual({});
      expect(await two.claimSuspect()).toMatchObject({ id, attempt: 2, crashes: 1 });
    });

    it.each(TYPES)('lets a second word of a claim, a %s, have no effect', async (type) => {
      const scene = await Scene.of(harness);
      const [id] = await scene.append({}, {});
      const host = await scene.host();
      const claimed = await host.claimOne();
      await host.settle(release(claimed));
      expect(await scene.store.settle(host.seat, [SETTLEMENTS[type](claimed)])).toEqual([id]);
      expect(await scene.places()).toEqual({ ready: 2 });
      const again = await host.claimOne();
      expect(await scene.store.settle(host.seat, [SETTLEMENTS[type](claimed)])).toEqual([id]);
      expect(await scene.places()).toEqual({ ready: 1, claimed: 1 });
      await host.settle(done(again));
    });

    it('of one claim stops neither the others of its call nor their routed messages', async () => {
      const scene = await Scene.of(harness);
      await scene.append({}, {}, {});
      const host = await scene.host();
      const claimed = await host.claim();
      const [first, second, third] = claimed as [Claimed, Claimed, Claimed];
      await host.settle(release(second));
      const all = [first, second, third].map(({ id, claim }, at) =>
        done({ id, claim }, { routed: [message({ channel: 'routed', payload: `${at}` })] }),
      );
      expect(await scene.store.settle(host.seat, all)).toEqual([second.id]);
      expect(await scene.places()).toEqual({ ready: 1 });
      expect((await host.claim(9, 'routed')).map(({ payload }) => payload)).toEqual(['0', '2']);
    });

    it('tells back an id that never was', async () => {
      const scene = await Scene.of(harness);
      const host = await scene.host();
      const settlements = TYPES.map((type, at) => SETTLEMENTS[type]({ id: 1_000_000 + at, claim: 1 }));
      expect(await scene.store.settle(host.seat, settlements)).toEqual(settlements.map(({ id }) => id));
      expect(await scene.places('routed')).toEqual({});
    });

    it('holds after a dead letter was retried: its old claims are worth nothing', async () => {
      const scene = await Scene.of(harness);
      const id = await scene.appendOne();
      const host = await scene.host();
      const old = await host.claimOne();
      await host.settle(bury(old));
      await scene.store.deadLetters.retry({ ids: [id] });
      const held = await host.claimOne();
      expect(held.claim).toBeGreaterThan(old.claim);
      expect(await scene.store.settle(host.seat, [done(old)])).toEqual([id]);
      expect(await scene.places()).toEqual({ claimed: 1 });
    });
  });

  describe('a result', () => {
    it('is kept for whoever waits, and is not when nobody does', async () => {
      const scene = await Scene.of(harness);
      const ids = await scene.append({ wantsResult: true }, { wantsResult: true }, {}, { wantsResult: true });
      const host = await scene.host();
      const [valued, empty, unasked, dead] = (await host.claim()) as [Claimed, Claimed, Claimed, Claimed];
      await host.settle(
        done(valued, { result: '{"a":"\\u0000👋"}', keepMs: HOUR_MS }),
        done(empty, { keepMs: HOUR_MS }),
        done(unasked, { keepMs: 0 }),
        bury(dead, { result: '{"error":1}', keepMs: HOUR_MS }),
      );
      const other = await scene.another();
      const finished = await other.finished([...ids, 1_000_000]);
      expect(finished.toSorted((one, other) => one.id - other.id)).toEqual([
        { id: valued.id, type: 'done', result: '{"a":"\\u0000👋"}' },
        { id: empty.id, type: 'done', result: null },
        { id: dead.id, type: 'dead', result: '{"error":1}' },
      ]);
      expect(await scene.store.finished([])).toEqual([]);
    });

    it('is not there before the message is settled, nor after a retry', async () => {
      const scene = await Scene.of(harness);
      const id = await scene.appendOne({ wantsResult: true });
      const host = await scene.host();
      expect(await scene.store.finished([id])).toEqual([]);
      const claimed = await host.claimOne();
      expect(await scene.store.finished([id])).toEqual([]);
      await host.settle(retry(claimed));
      expect(await scene.store.finished([id])).toEqual([]);
    });

    it('is still to come while the message is ready, delayed or claimed, and not when it is dead or gone', async () => {
      const scene = await Scene.of(harness);
      const ids = await scene.append({}, {}, {});
      const delayed = await scene.appendOne({ delayMs: HOUR_MS });
      const other = await scene.another();
      const toCome = async () => (await other.underWay([...ids, delayed, 1_000_000])).toSorted((a, b) => a - b);
      expect(await toCome()).toEqual([...ids, delayed]);
      const host = await scene.host();
      const [first, second, third] = (await host.claim()) as [Claimed, Claimed, Claimed];
      expect(await toCome()).toEqual([...ids, delayed]);
      await host.settle(done(first), bury(second), retry(third));
      expect(await toCome()).toEqual([third.id, delayed]);
      expect(await other.underWay([])).toEqual([]);
    });

    it('is heard of by the hosts of its process', async () => {
      const scene = await Scene.of(harness);
      const id = await scene.appendOne({ wantsResult: true });
      const [far, near] = await scene.hosts();
      const host = await scene.host();
      await host.settle(done(await host.claimOne(), { result: '1', keepMs: HOUR_MS }));
      await until(() => near.heard.finished.length > 0);
      expect(near.heard.finished).toEqual([id]);
      if (scene.bench.isHeardEverywhere === true) {
        await until(() => far.heard.finished.length > 0);
        expect(far.heard.finished).toEqual([id]);
      }
    });

    it('of a dead letter that was retried is that of its last end', async () => {
      const scene = await Scene.of(harness);
      const id = await scene.appendOne({ wantsResult: true });
      const host = await scene.host();
      await host.settle(bury(await host.claimOne(), { result: '"no"', keepMs: HOUR_MS }));
      await scene.store.deadLetters.retry({});
      await host.settle(bury(await host.claimOne(), { result: '"no again"', keepMs: HOUR_MS }));
      expect(await scene.store.finished([id])).toEqual([{ id, type: 'dead', result: '"no again"' }]);
      await scene.store.deadLetters.retry({});
      await host.settle(done(await host.claimOne(), { result: '"yes"', keepMs: HOUR_MS }));
      expect(await scene.store.finished([id])).toEqual([{ id, type: 'done', result: '"yes"' }]);
    });

    it('is gone when its time is over', async () => {
      const scene = await Scene.of(harness);
      const ids = await scene.append({ wantsResult: true }, { wantsResult: true });
      const host = await scene.host();
      const [brief, lasting] = (await host.claim()) as [Claimed, Claimed];
      await host.settle(done(brief, { keepMs: 10_000 }), done(lasting, { keepMs: HOUR_MS }));
      await scene.store.prune(100, { maxFinished: undefined });
      expect(await scene.store.finished(ids)).toHaveLength(2);
      await scene.bench.elapse(10_001);
      expect(await scene.store.prune(100, { maxFinished: undefined })).toMatchObject({ finished: 1 });
      expect(idsOf(await scene.store.finished(ids))).toEqual([lasting.id]);
    });
  });

  describe('a routed message', () => {
    // IF63 IF72, IFx5
    it('is there when its message is done, in the order given', async () => {
      const scene = await Scene.of(harness);
      await scene.append({}, {});
      const host = await scene.host();
      const [first, second] = (await host.claim()) as [Claimed, Claimed];
      const routed = (...payloads: string[]) => payloads.map((payload) => message({ channel: 'b', payload }));
      await host.settle(done(first, { routed: routed('1', '2') }), done(second, { routed: routed('3') }));
      const claimed = await host.claim(9, 'b');
      expect(claimed.map(({ payload, attempt }) => [payload, attempt])).toEqual([
        ['1', 1],
        ['2', 1],
        ['3', 1],
      ]);
    });

    it('has the delay, the key, the headers and the window that it asks for', async () => {
      const scene = await Scene.of(harness);
      await scene.appendOne();
      const host = await scene.host();
      const once = message({ channel: 'b', deduplicate: { key: 'd', windowMs: HOUR_MS } });
      const keyed = message({ channel: 'b', key: 'k', headers: '{"t":1}' });
      const delayed = message({ channel: 'b', delayMs: 1_000 });
      await host.settle(done(await host.claimOne(), { routed: [once, once, keyed, keyed, delayed] }));
      expect(await scene.places('b')).toEqual({ ready: 3, delayed: 1 });
      expect((await host.claim(9, 'b')).map(({ key, headers }) => [key, headers])).toEqual([
        [null, null],
        ['k', '{"t":1}'],
      ]);
    });

    it('may go to the channel it came from', async () => {
      const scene = await Scene.of(harness);
      const id = await scene.appendOne();
      const host = await scene.host();
      await host.settle(done(await host.claimOne(), { routed: [message()] }));
      expect((await host.claimOne()).id).toBeGreaterThan(id);
    });
  });

  describe('exchange', () => {
    it('settles and then claims', async () => {
      const scene = await Scene.of(harness);
      const [head, follower] = await scene.append({ key: 'k' }, { key: 'k' });
      const host = await scene.host();
      const claimed = await host.claimOne();
      expect(claimed.id).toBe(head);
      const wanted = [{ channel: 'a', room: 5 }];
      const routed = [message({ payload: '"routed"' })];
      const exchanged = await scene.store.exchange(host.seat, [done(claimed, { routed })], wanted);
      expect(exchanged.fenced).toEqual([]);
      expect(idsOf(exchanged.claimed)).toContain(follower);
      expect(exchanged.claimed.map(({ payload }) => payload)).toContain('"routed"');
      expect(await scene.places()).toEqual({ claimed: 2 });
    });

    it('tells what was fenced and claims all the same', async () => {
      const scene = await Scene.of(harness);
      const [first, second] = await scene.append({}, {});
      const host = await scene.host();
      const claimed = await host.claimOne();
      await host.settle(done(claimed));
      const exchanged = await scene.store.exchange(host.seat, [retry(claimed)], [{ channel: 'a', room: 1 }]);
      expect(exchanged.fenced).toEqual([first]);
      expect(idsOf(exchanged.claimed)).toEqual([second]);
    });

    it('takes nothing to settle, or nothing to claim', async () => {
      const scene = await Scene.of(harness);
      await scene.append({}, {});
      const host = await scene.host();
      const { claimed } = await scene.store.exchange(host.seat, [], [{ channel: 'a', room: 1 }]);
      expect(claimed).toHaveLength(1);
      const settlements = claimed.map((one) => done(one));
      expect(await scene.store.exchange(host.seat, settlements, [])).toEqual({ fenced: [], claimed: [] });
      expect(await scene.places()).toEqual({ ready: 1 });
    });

    // IF80
    it('of many hosts at once ends each message once', { timeout: 30_000 }, async () => {
      const scene = await Scene.of(harness);
      const ids = await scene.append(...Array.from({ length: 200 }, () => ({})));
      const hosts = [...(await scene.hosts()), ...(await scene.hosts())];
      const ended = await Promise.all(hosts.map((host) => drain(host)));
      expect(ended.flat().toSorted((one, other) => one - other)).toEqual(ids);
      expect(await scene.places()).toEqual({});
    });
  });
}

/** Exchanges until nothing comes; returns what was claimed. */
async function drain({ store, seat }: TestHost): Promise<number[]> {
  const ids: number[] = [];
  for (let settlements: Settlement[] = []; ids.length < 1_000;) {
    const { fenced, claimed } = await store.exchange(seat, settlements, [{ channel: 'a', room: 9 }]);
    expect(fenced).toEqual([]);
    if (claimed.length === 0) return ids;
    ids.push(...idsOf(claimed));
    settlements = claimed.map((one) => done(one));
  }
  return ids;
}

/** Lets a lease of 30 s of every host run out, but for that of `survivor`. */
async function lapse(scene: Scene, survivor: TestHost): Promise<void> {
  for (let step = 0; step < 2; step++) {
    await scene.bench.elapse(20_000);
    expect(await survivor.seat.extend()).toBe(true);
  }
}

/** The counts of each channel, without what grows by itself. */
function countsOf(stats: Readonly<Record<string, object>>): object {
  return Object.fromEntries(
    Object.entries(stats).map(([channel, counts]) => [channel, { ...counts, oldestReadyMs: 0 }]),
  );
}

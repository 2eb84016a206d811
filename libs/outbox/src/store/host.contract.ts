import { until } from '@nestjs-workers/core/testing';
import { describe, expect, it } from 'vitest';
import { bury, done, idsOf, release, retry, Scene, type StoreHarness, type TestHost } from './scene.contract.js';
import type { Claimed } from './store.js';

const LEASE_MS = 30_000;

export function hostContract(harness: StoreHarness): void {
  describe('a seat', () => {
    it('has a number of its own', async () => {
      const scene = await Scene.of(harness);
      const hosts = [await scene.host(), await scene.host(), await scene.host({ store: await scene.another() })];
      expect(new Set(hosts.map(({ seat }) => seat.host)).size).toBe(3);
    });

    // IF79
    it('that is left gives its claims back at once, with their attempts', async () => {
      const scene = await Scene.of(harness);
      const ids = await scene.append({}, {}, {});
      const [one, two] = await scene.hosts();
      const claimed = await one.claim();
      await one.settle(done(claimed[0] as Claimed));
      await one.seat.leave();
      expect((await two.claim()).map(({ id, attempt, crashes }) => [id, attempt, crashes])).toEqual([
        [ids[1], 1, 0],
        [ids[2], 1, 0],
      ]);
      expect(await two.store.takeOver(two.seat, ['a'], 3)).toEqual({ hosts: [], buried: [], suspects: 0 });
    });

    it('that was left holds nothing any more, and may be left again', async () => {
      const scene = await Scene.of(harness);
      const id = await scene.appendOne();
      const host = await scene.host();
      const claimed = await host.claimOne();
      await host.seat.leave();
      await host.seat.leave();
      expect(await scene.store.settle(host.seat, [done(claimed)])).toEqual([id]);
      expect(await host.claim()).toEqual([]);
      expect(await scene.places()).toEqual({ ready: 1 });
      expect(host.heard.lost).toEqual([]);
    });

    // IFx3
    it('that is extended keeps its claims for as long as it likes', async () => {
      const scene = await Scene.of(harness);
      await scene.appendOne();
      const [one, two] = await scene.hosts(LEASE_MS);
      const claimed = await one.claimOne();
      for (let step = 0; step < 5; step++) {
        await scene.bench.elapse(LEASE_MS - 10_000);
        expect([await one.seat.extend(), await two.seat.extend()]).toEqual([true, true]);
        expect(await two.store.takeOver(two.seat, ['a'], 3)).toMatchObject({ hosts: [], suspects: 0 });
      }
      await one.settle(done(claimed));
    });

    it('that is recounted gives back what its host does not know of, and keeps the rest', async () => {
      const scene = await Scene.of(harness);
      const ids = await scene.append({}, {}, {});
      const [one, two] = await scene.hosts();
      const claimed = await one.claim();
      expect(await scene.store.recount(one.seat, [ids[1] as number])).toBe(2);
      expect((await two.claim()).map(({ id, attempt }) => [id, attempt])).toEqual([
        [ids[0], 1],
        [ids[2], 1],
      ]);
      expect(await scene.store.settle(one.seat, [done(claimed[1] as Claimed)])).toEqual([]);
      expect(await scene.store.recount(one.seat, [])).toBe(0);
    });

    // IF76
    it('that is not extended is lost, with its claims: others run them, and it is told so once', async () => {
      const scene = await Scene.of(harness);
      const [id, other] = await scene.append({}, {});
      const [one, two] = await scene.hosts(LEASE_MS);
      await one.claimOne();
      await lapse(scene, two);
      expect(await two.takeOver()).toMatchObject({ hosts: [{ name: 'one', claims: 1 }], buried: [], suspects: 1 });
      expect(await two.claimSuspect()).toMatchObject({ id, crashes: 1 });
      expect(await one.seat.extend()).toBe(false);
      await until(() => one.heard.lost.length > 0);
      expect(await one.seat.extend()).toBe(false);
      expect(await one.claim()).toEqual([]);
      expect(idsOf(await two.claim())).toEqual([other]);
      expect(one.heard.lost).toEqual([expect.any(Error)]);
      expect(two.heard.lost).toEqual([]);
    });

    it('that is lost is followed by another one of the same host', async () => {
      const scene = await Scene.of(harness);
      await scene.append({}, {});
      const [one, two] = await scene.hosts(LEASE_MS);
      await one.claim(1);
      await lapse(scene, two);
      await two.takeOver();
      const again = await scene.host({ name: 'one' });
      expect(again.seat.host).not.toBe(one.seat.host);
      expect(await again.claim()).toHaveLength(1);
    });
  });

  describe('a host that is killed', () => {
    it('has its claims taken over: ready again, as suspects, each with a crash counted', async () => {
      const scene = await Scene.of(harness);
      const ids = await scene.append({}, {}, {});
      const [one, two] = await scene.hosts();
      await one.claim(2);
      await scene.bench.killHost(one.seat);
      expect(await two.takeOver()).toEqual({ hosts: [{ name: 'one', claims: 2 }], buried: [], suspects: 2 });
      expect(await scene.stats()).toMatchObject({ ready: 3, suspects: 2, claimed: 0 });
      expect(idsOf(await two.claim())).toEqual([ids[2]]);
      expect(await two.claimSuspect()).toMatchObject({ id: ids[0], attempt: 2, crashes: 1 });
      expect(await two.claimSuspect()).toMatchObject({ id: ids[1], attempt: 2, crashes: 1 });
      expect(await two.store.claimSuspect(two.seat, ['a'])).toBeUndefined();
      expect(await scene.stats()).toMatchObject({ ready: 0, suspects: 0, claimed: 3 });
    });

    it('is taken over once, by one of those who look', async () => {
      const scene = await Scene.of(harness);
      await scene.append({}, {}, {});
      const [one, two] = await scene.hosts();
      const three = await scene.host({ name: 'three', store: await scene.another() });
      await one.claim();
      await scene.bench.killHost(one.seat);
      const found: string[] = [];
      const look = async (host: TestHost): Promise<void> => {
        const { hosts } = await host.store.takeOver(host.seat, ['a'], 3);
        found.push(...hosts.map(({ name, claims }) => `${name} ${claims}`));
      };
      await until(async () => {
        await Promise.all([look(two), look(three), look(two), look(three)]);
        return found.length > 0;
      });
      await Promise.all([look(two), look(three)]);
      expect(found).toEqual(['one 3']);
      expect(await two.claimSuspect()).toMatchObject({ crashes: 1 });
    });

    it('is taken over with all its claims, also in channels that the other does not serve', async () => {
      const scene = await Scene.of(harness);
      await scene.append({}, { channel: 'b' });
      const [one, two] = await scene.hosts();
      await one.claim();
      await one.claim(9, 'b');
      await scene.bench.killHost(one.seat);
      expect(await two.takeOver(['a'])).toMatchObject({ hosts: [{ name: 'one', claims: 2 }], suspects: 1 });
      expect(await scene.places('b')).toEqual({ ready: 1 });
      expect(await two.store.claimSuspect(two.seat, ['a', 'c'])).toMatchObject({ channel: 'a' });
      expect(await two.store.claimSuspect(two.seat, ['a', 'c'])).toBeUndefined();
      expect(await two.claimSuspect(['c', 'b'])).toMatchObject({ channel: 'b' });
    });

    it('leaves those in peace who live, whoever looks', async () => {
      const scene = await Scene.of(harness);
      await scene.append({}, {}, {});
      const [one, two] = await scene.hosts();
      const three = await scene.host({ name: 'three', store: await scene.another() });
      await one.claim(1);
      const [held] = await two.claim(1);
      await three.claim(1);
      await scene.bench.killHost(one.seat);
      expect(await three.takeOver()).toMatchObject({ hosts: [{ name: 'one', claims: 1 }] });
      expect(await scene.places()).toEqual({ ready: 1, claimed: 2 });
      await two.settle(done(held as Claimed));
    });

    it('that held nothing is found dead all the same', async () => {
      const scene = await Scene.of(harness);
      const [one, two] = await scene.hosts();
      await scene.bench.killHost(one.seat);
      expect(await two.takeOver()).toMatchObject({ hosts: [{ name: 'one', claims: 0 }], suspects: 0 });
    });

    // IFx2
    it('buries a message that it was the last of too many to die with', async () => {
      const scene = await Scene.of(harness);
      const [id, other] = await scene.append({ wantsResult: true }, {});
      const survivor = await scene.host({ name: 'survivor' });
      for (const crashes of [1, 2]) {
        const name = `victim ${crashes}`;
        const victim = await scene.host({ name, store: await scene.another() });
        if (crashes === 1) await victim.claimOne();
        else await victim.claimSuspect();
        await scene.bench.killHost(victim.seat);
        expect(await survivor.takeOver(['a'], 2)).toEqual({
          hosts: [{ name, claims: 1 }],
          buried: crashes === 1 ? [] : [{ id, channel: 'a', crashes: 2 }],
          suspects: crashes === 1 ? 1 : 0,
        });
      }
      expect(idsOf(await survivor.claim())).toEqual([other]);
      const letter = await scene.letter();
      expect(letter).toMatchObject({ id, crashes: 2, attempt: 2, reason: expect.stringMatching(/./) as string });
      expect(letter.history.map(({ host, attempt }) => [host, attempt])).toEqual([
        ['victim 1', 1],
        ['victim 2', 2],
      ]);
      // Whoever waits for it is told, too.
      expect(await scene.store.finished([id as number])).toMatchObject([{ id, type: 'dead' }]);
    });

    it('has its message tried afresh when the dead letter is retried', async () => {
      const scene = await Scene.of(harness);
      const id = await scene.appendOne();
      const [one, two] = await scene.hosts();
      await one.claimOne();
      await scene.bench.killHost(one.seat);
      await two.takeOver(['a'], 1);
      expect(await scene.store.deadLetters.retry({})).toEqual([id]);
      expect(await two.claimOne()).toMatchObject({ id, attempt: 1, crashes: 0, isSuspect: false });
    });
  });

  describe('a suspect', () => {
    const suspected = async (): Promise<[Scene, TestHost, Claimed]> => {
      const scene = await Scene.of(harness);
      await scene.appendOne();
      const [one, two] = await scene.hosts();
      await one.claimOne();
      await scene.bench.killHost(one.seat);
      await two.takeOver();
      return [scene, two, await two.claimSuspect()];
    };

    it('that was given back, or whose host left, is one still', async () => {
      const [scene, host, suspect] = await suspected();
      await host.settle(release(suspect));
      expect(await host.claim()).toEqual([]);
      expect(await host.claimSuspect()).toMatchObject({ attempt: 2, crashes: 1 });
      await host.seat.leave();
      expect(await scene.stats()).toMatchObject({ ready: 1, suspects: 1 });
    });

    it('that came to an end without a crash is one no more when it is tried again', async () => {
      const [scene, host, suspect] = await suspected();
      await host.settle(retry(suspect, 1_000));
      await scene.pass(1_000);
      expect(await host.claimOne()).toMatchObject({ attempt: 3, crashes: 1, isSuspect: false });
    });

    it('can be done and can be buried', async () => {
      const [scene, host, suspect] = await suspected();
      await host.settle(bury(suspect));
      expect(await scene.letter()).toMatchObject({ id: suspect.id, crashes: 1, attempt: 2 });
      expect(await scene.stats()).toMatchObject({ suspects: 0, dead: 1 });
    });

    it('keeps its crashes when the host that runs it leaves, and they grow when that one dies', async () => {
      const [scene, host] = await suspected();
      const three = await scene.host({ name: 'three', store: await scene.another() });
      await scene.bench.killHost(host.seat);
      expect(await three.takeOver()).toMatchObject({ hosts: [{ name: 'two', claims: 1 }], suspects: 1 });
      expect(await three.claimSuspect()).toMatchObject({ attempt: 3, crashes: 2 });
    });

    it('is claimed by one of those who ask at the same time', async () => {
      const [scene, host, suspect] = await suspected();
      await host.settle(release(suspect));
      const others = [host, await scene.host({ name: 'three', store: await scene.another() })];
      const all = await Promise.all([...others, ...others].map(({ store, seat }) => store.claimSuspect(seat, ['a'])));
      expect(all.filter((one) => one !== undefined)).toHaveLength(1);
    });
  });

  describe('wake', () => {
    it('is heard by the hosts of its process', async () => {
      const scene = await Scene.of(harness);
      const [far, near] = await scene.hosts();
      await scene.store.wake(['a', 'b']);
      await until(() => near.heard.woken.length > 0);
      expectChannels(near, ['a', 'b']);
      if (scene.bench.isHeardEverywhere === true) {
        await until(() => far.heard.woken.length > 0);
        expectChannels(far, ['a', 'b']);
      }
    });

    it('is harmless when nobody listens', async () => {
      const scene = await Scene.of(harness);
      await scene.store.wake(['a']);
      const host = await scene.host();
      await host.seat.leave();
      await scene.store.wake(['a']);
      await scene.store.wake([]);
    });
  });
}

/** A host may be told that it can be any channel. */
function expectChannels({ heard }: TestHost, channels: readonly string[]): void {
  const named = heard.woken.flatMap((woken) => woken ?? channels);
  expect(named).toEqual(expect.arrayContaining([...channels]));
}

/** Lets every lease run out but that of `survivor`. */
async function lapse(scene: Scene, survivor: TestHost): Promise<void> {
  for (let step = 0; step < 2; step++) {
    await scene.bench.elapse(LEASE_MS - 10_000);
    expect(await survivor.seat.extend()).toBe(true);
  }
}

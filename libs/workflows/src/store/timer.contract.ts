import { describe, expect, it } from 'vitest';
import { effect, event, inputOf, ORDER } from '../fixtures/commits.js';
import { HOUR_MS, Scene, type WorkflowHarness } from './scene.contract.js';
import type { FiredTimer } from './store.js';

const timer = (key: string, delayMs: number, input = `"${key}"`) => ({ key, delayMs, input });
const tokenOf = ({ key, generation }: FiredTimer) => ({ key, generation });

export function timerContract(harness: WorkflowHarness): void {
  describe('a timer', () => {
    // IF9 IF27 IF28
    it('is set with its commit, and fires when it is due, not before, with a message', async () => {
      const scene = await Scene.of(harness);
      const { nowMs } = await scene.store.load(ORDER, undefined);
      await scene.committed({ timers: [timer('b', 2 * HOUR_MS), timer('a', HOUR_MS)] });
      const [a, b] = await scene.store.timers(ORDER);
      expect([a, b]).toMatchObject([
        { key: 'a', input: '"a"', isFired: false },
        { key: 'b', input: '"b"', isFired: false },
      ]);
      expect(a!.dueAtMs - nowMs).toBeGreaterThanOrEqual(HOUR_MS - 1);
      expect(a!.dueAtMs - nowMs).toBeLessThan(HOUR_MS + 60_000);
      expect(await scene.fire()).toEqual([]);
      const { nextDueMs } = await scene.store.fire(['order'], 10, inputOf);
      expect(nextDueMs).toBeGreaterThan(HOUR_MS - 60_000);
      expect(nextDueMs).toBeLessThanOrEqual(HOUR_MS);
      await scene.bench.elapse(HOUR_MS);
      expect(await scene.fire()).toMatchObject([{ workflow: 'order', id: 'o1', key: 'a', input: '"a"' }]);
      expect(await scene.payloads('order')).toHaveLength(1);
      expect(await scene.store.timers(ORDER)).toMatchObject([
        { key: 'a', isFired: true },
        { key: 'b', isFired: false },
      ]);
    });

    it('fires once, with all that are due, at most as many at a time as are asked for and the earliest first', async () => {
      const scene = await Scene.of(harness);
      await scene.committed({ timers: [3, 1, 2].map((n) => timer(`${n}`, n * 1_000)) });
      await scene.committed({ instance: { workflow: 'cart', id: 'c' }, timers: [timer('4', 1_000)] });
      await scene.bench.elapse(HOUR_MS);
      const keys = async (...workflows: string[]) => (await scene.fire(workflows, 2)).map(({ key }) => key);
      expect(await keys('order')).toEqual(['1', '2']);
      expect(await scene.store.fire(['order'], 0, inputOf)).toEqual({ count: 0, nextDueMs: 0 });
      expect(await keys('order', 'cart')).toHaveLength(2);
      expect(await scene.store.fire(['order', 'cart'], 2, inputOf)).toEqual({ count: 0, nextDueMs: undefined });
      expect((await scene.payloads('order')).map((text) => (JSON.parse(text) as FiredTimer).key)).toEqual([
        '1',
        '2',
        '3',
      ]);
    });

    it('fires once, however many hosts look', async () => {
      const scene = await Scene.of(harness);
      const timers = Array.from({ length: 60 }, (_, at) => timer(`${at}`, 1));
      await scene.committed({ timers });
      await scene.bench.elapse(HOUR_MS);
      const stores = [scene.store, await scene.another(), await scene.another()];
      const counts = await Promise.all(
        Array.from({ length: 12 }, (_, at) => stores[at % 3]!.fire(['order'], 10, inputOf)),
      );
      const left = await scene.fire();
      expect(counts.reduce((sum, { count }) => sum + count, left.length)).toBe(60);
      expect(new Set(await scene.payloads('order')).size).toBe(60);
    });

    it('that cannot be made a message has not fired', async () => {
      const scene = await Scene.of(harness);
      await scene.committed({ timers: [timer('a', 1)] });
      await scene.bench.elapse(HOUR_MS);
      const failing = scene.store.fire(['order'], 10, () => {
        throw new Error('no message');
      });
      await expect(failing).rejects.toThrow('no message');
      expect(await scene.fire()).toHaveLength(1);
    });

    // IF10 IF11 IF75
    it('is replaced by another with its key, in its own instance', async () => {
      const scene = await Scene.of(harness);
      for (const id of ['o1', 'o2'])
        await scene.committed({ instance: { ...ORDER, id }, timers: [timer('a', 1, `"${id}"`)] });
      await scene.committed({ version: 1, timers: [timer('a', 1), timer('a', 5 * HOUR_MS, '"later"')] });
      await scene.bench.elapse(HOUR_MS);
      expect(await scene.fire()).toMatchObject([{ id: 'o2', key: 'a', input: '"o2"' }]);
      await scene.bench.elapse(5 * HOUR_MS);
      expect(await scene.fire()).toMatchObject([{ id: 'o1', key: 'a', input: '"later"' }]);
    });

    // IF12
    it('is cancelled by its key, before others are set', async () => {
      const scene = await Scene.of(harness);
      await scene.committed({ timers: [timer('a', 1), timer('b', 1), timer('c', 1)] });
      await scene.committed({ instance: { ...ORDER, id: 'o2' }, timers: [timer('a', HOUR_MS)] });
      await scene.committed({ version: 1, cancelled: ['a', 'b', 'unknown'], timers: [timer('b', 2 * HOUR_MS)] });
      expect([await scene.timerKeys(), await scene.timerKeys('o2')]).toEqual([['c', 'b'], ['a']]);
    });

    // IF29 IF69
    it('is gone with the commit of its input', async () => {
      const scene = await Scene.of(harness);
      await scene.committed({ timers: [timer('a', 1), timer('b', 2)] });
      await scene.bench.elapse(HOUR_MS);
      const [a, b] = await scene.fire();
      await scene.committed({ version: 1, firedTimer: tokenOf(a!), effects: [effect('a')] });
      // Rejected: no event.
      await scene.committed({ version: 2, firedTimer: tokenOf(b!), events: [] });
      expect([await scene.timerKeys(), await scene.payloads()]).toEqual([[], ['a']]);
      const again = { version: 2, firedTimer: tokenOf(a!), effects: [effect('again')] };
      expect(await scene.commit(again)).toEqual({ type: 'timer-gone' });
      expect([await scene.types(), await scene.payloads()]).toEqual([['placed', 'placed'], []]);
    });

    // IF13
    it('that sets itself again is not killed by its own completion', async () => {
      const scene = await Scene.of(harness);
      await scene.committed({ timers: [timer('beat', HOUR_MS)] });
      for (const version of [1, 2, 3]) {
        await scene.bench.elapse(HOUR_MS);
        const [beat] = await scene.fire();
        await scene.committed({
          version,
          events: [event('beat')],
          firedTimer: tokenOf(beat!),
          cancelled: ['beat'],
          timers: [timer('beat', HOUR_MS)],
        });
        expect(await scene.fire()).toEqual([]);
        expect(await scene.store.timers(ORDER)).toMatchObject([{ key: 'beat', isFired: false }]);
      }
    });

    // IF14
    it('that was cancelled or set again after it had fired does not happen, and harms not the new one', async () => {
      const scene = await Scene.of(harness);
      await scene.committed({ timers: [timer('a', 1), timer('b', 1), timer('c', 1)] });
      await scene.bench.elapse(HOUR_MS);
      const fired = await scene.fire();
      await scene.committed({ version: 1, cancelled: ['a', 'c'], timers: [timer('b', HOUR_MS)] });
      await scene.committed({ version: 2, timers: [timer('c', HOUR_MS)] });
      for (const one of fired) {
        const late = { firedTimer: tokenOf(one), cancelled: ['b', 'c'], completes: true, effects: [effect('late')] };
        expect(await scene.commit({ version: 3, ...late })).toEqual({ type: 'timer-gone' });
        // Whoever decided on what was there before hears of that first.
        expect(await scene.commit({ version: 1, ...late })).toEqual({ type: 'conflict' });
      }
      expect(await scene.timerKeys()).toEqual(['b', 'c']);
      expect(await scene.payloads()).toEqual([]);
      await scene.bench.elapse(HOUR_MS);
      expect((await scene.fire()).map(({ key }) => key)).toEqual(['b', 'c']);
    });

    it('that is cancelled while its input is decided does not happen, or was not cancelled', async () => {
      const scene = await Scene.of(harness);
      const ids = Array.from({ length: 12 }, (_, at) => `o${at}`);
      for (const id of ids) await scene.committed({ instance: { ...ORDER, id }, timers: [timer('a', 1)] });
      await scene.bench.elapse(HOUR_MS);
      const fired = await scene.fire();
      for (const one of fired) {
        const instance = { ...ORDER, id: one.id };
        const [decided, cancelled] = await Promise.all([
          scene.commit({ instance, version: 1, events: [], firedTimer: tokenOf(one), effects: [effect(one.id)] }),
          scene.commit({ instance, version: 1, events: [], cancelled: ['a'] }),
        ]);
        expect(cancelled).toEqual({ type: 'committed' });
        const happened = (await scene.payloads()).length;
        expect(decided.type).toBe(happened === 1 ? 'committed' : 'timer-gone');
      }
    });
  });
}

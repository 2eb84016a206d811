import { describe, expect, it } from 'vitest';
import { event, ORDER } from '../fixtures/commits.js';
import { HOUR_MS, Scene, typesOf, type WorkflowHarness } from './scene.contract.js';

export function instanceContract(harness: WorkflowHarness): void {
  describe('instances', () => {
    it('have a history that is read by the page', async () => {
      const scene = await Scene.of(harness);
      await scene.committed({ events: ['1', '2', '3', '4'].map((type) => event(type)) });
      await scene.bench.elapse(HOUR_MS);
      await scene.committed({ version: 4, events: [event('5')] });
      const page = async (after: number, limit: number) => scene.store.history(ORDER, { after, limit });
      expect(typesOf(await page(0, 2))).toEqual(['1', '2']);
      expect(typesOf(await page(2, 9))).toEqual(['3', '4', '5']);
      expect(await page(5, 9)).toEqual([]);
      const [first, last] = [(await page(0, 1))[0]!, (await page(4, 1))[0]!];
      expect(last.createdAtMs - first.createdAtMs).toBeGreaterThanOrEqual(HOUR_MS - 1);
      expect(last.createdAtMs - first.createdAtMs).toBeLessThan(HOUR_MS + 60_000);
    });

    it('are listed, the latest begun first, by their workflow and their state', async () => {
      const scene = await Scene.of(harness);
      for (const id of ['a', 'b', 'c', 'd']) {
        const workflow = id === 'b' ? 'cart' : 'order';
        await scene.committed({ instance: { workflow, id } });
      }
      await scene.committed({ instance: { ...ORDER, id: 'a' }, version: 1, completes: true });
      const ids = async (...[query, page]: Parameters<typeof scene.store.list>) =>
        (await scene.store.list(query, page)).map(({ id }) => id);
      expect(await ids({}, { limit: 9 })).toEqual(['d', 'c', 'b', 'a']);
      expect(await ids({ workflow: 'order' }, { limit: 2 })).toEqual(['d', 'c']);
      expect(await ids({ state: 'running' }, { limit: 9 })).toEqual(['d', 'c', 'b']);
      expect(await ids({ workflow: 'order', state: 'completed' }, { limit: 9 })).toEqual(['a']);
      const [, second] = await scene.store.list({}, { limit: 2 });
      expect(await ids({}, { limit: 9, before: second!.number })).toEqual(['b', 'a']);
      expect(await scene.store.list({ state: 'completed' }, { limit: 9 })).toMatchObject([
        { workflow: 'order', id: 'a', version: 2, state: 'completed' },
      ]);
    });
  });
}

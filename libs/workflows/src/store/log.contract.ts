import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commitOf, event, ORDER } from '../fixtures/commits.js';
import { Scene, type WorkflowHarness } from './scene.contract.js';
import type { LoggedEvent, Position } from './store.js';

const nameOf = ({ workflow, id, sequence }: LoggedEvent): string => `${workflow}/${id}/${sequence}`;

export function logContract(harness: WorkflowHarness): void {
  describe('the log', () => {
    // IF7 IF31 IF32
    it('has the events of the workflows that are asked for, in one order, from any position on', async () => {
      const scene = await Scene.of(harness);
      await scene.committed({ events: [event('1'), event('2', { payload: '{"n":2}', schema: 4 })], input: 'go' });
      await scene.committed({ instance: { workflow: 'cart', id: 'c' } });
      await scene.committed({ version: 2, events: [event('3')] });
      const read = (position?: Position, workflows = ['order'], limit = 9) =>
        scene.store.eventsAfter(position, workflows, limit);
      await scene.logged(4, ['cart', 'order']);
      const all = await read();
      expect(all.map(nameOf)).toEqual(['order/o1/1', 'order/o1/2', 'order/o1/3']);
      expect(all[1]).toMatchObject({ type: '2', payload: '{"n":2}', schema: 4, input: 'go' });
      expect((await read(undefined, ['cart', 'order'])).map(nameOf)[2]).toBe('cart/c/1');
      expect((await read(undefined, ['order'], 2)).map(nameOf)).toEqual(['order/o1/1', 'order/o1/2']);
      for (const [at, { position }] of all.entries())
        expect((await read(position)).map(nameOf)).toEqual(all.slice(at + 1).map(nameOf));
      expect(await read(undefined, ['unknown'])).toEqual([]);
    });

    it(
      'is read to its end once, and in the order of each instance, while many commit',
      { timeout: 30_000 },
      async () => {
        const scene = await Scene.of(harness);
        const other = await scene.another();
        const write = async (id: string): Promise<void> => {
          for (let version = 0; version < 12; version++) {
            const commit = commitOf({ instance: { ...ORDER, id }, version });
            expect(await (version % 2 === 0 ? scene.store : other).commit(commit)).toEqual({ type: 'committed' });
          }
        };
        const seen: LoggedEvent[] = [];
        const read = async (): Promise<void> => {
          while (seen.length < 72) {
            seen.push(...(await scene.store.eventsAfter(seen.at(-1)?.position, ['order'], 5)));
            // A synchronous store answers before anybody else has his turn.
            await new Promise((resolve) => setImmediate(resolve));
          }
        };
        await Promise.all([read(), ...['a', 'b', 'c', 'd', 'e', 'f'].map(write)]);
        expect(await scene.store.eventsAfter(seen.at(-1)?.position, ['order'], 5)).toEqual([]);
        expect(new Set(seen.map(nameOf)).size).toBe(seen.length);
        for (const id of ['a', 'b', 'c', 'd', 'e', 'f'])
          expect(seen.filter((one) => one.id === id).map(({ sequence }) => sequence)).toEqual(
            Array.from({ length: 12 }, (_, at) => at + 1),
          );
      },
    );
  });

  describe('a projection', () => {
    // IF33 IF34
    it('is where its runner says, and nowhere before it has run', async () => {
      const scene = await Scene.of(harness);
      await scene.committed({ events: [event('1'), event('2')] });
      const [first, second] = await scene.logged(2);
      expect(await scene.store.checkpoint('p')).toBe(undefined);
      const from: (Position | undefined)[] = [];
      const run = (to: Position | undefined) =>
        scene.store.project('p', async (position) => {
          from.push(position);
          return to;
        });
      for (const to of [first!.position, second!.position, undefined, first!.position])
        expect(await run(to)).toBe(true);
      expect(from).toEqual([undefined, first!.position, second!.position, second!.position]);
      expect(await scene.store.checkpoint('p')).toBe(first!.position);
      expect(await scene.store.checkpoint('another')).toBe(undefined);
      await scene.store.rewind('p');
      expect(await scene.store.checkpoint('p')).toBe(undefined);
      expect(await (await scene.another()).project('p', async (position) => position)).toBe(true);
    });

    it('has one runner over all hosts, and stays where it is when that one fails', async () => {
      const scene = await Scene.of(harness);
      await scene.committed({});
      const [{ position }] = (await scene.logged(1)) as [LoggedEvent];
      const other = await scene.another();
      const failing = scene.store.project('p', async () => {
        for (const store of [scene.store, other])
          expect(await store.project('p', () => Promise.reject(new Error('called')))).toBe(false);
        expect(await other.project('q', async () => position)).toBe(true);
        throw new Error('it failed');
      });
      await expect(failing).rejects.toThrow('it failed');
      expect([await scene.store.checkpoint('p'), await scene.store.checkpoint('q')]).toEqual([undefined, position]);
      expect(await other.project('p', async () => position)).toBe(true);
    });

    it('sees each event in whatever pages it reads', { timeout: 30_000 }, async () => {
      const scene = await Scene.of(harness);
      for (let version = 0; version < 9; version += 3)
        await scene.committed({ version, events: [event('a'), event('b'), event('c')] });
      await scene.logged(9);
      await fc.assert(
        fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 9, maxLength: 9 }), async (limits) => {
          await scene.store.rewind('p');
          const seen: string[] = [];
          for (const limit of limits)
            await scene.store.project('p', async (position) => {
              const events = await scene.store.eventsAfter(position, ['order'], limit);
              seen.push(...events.map(nameOf));
              return events.at(-1)?.position;
            });
          expect(seen).toEqual(Array.from({ length: 9 }, (_, at) => `order/o1/${at + 1}`));
        }),
        { numRuns: 5 },
      );
    });
  });

  describe('the tables', () => {
    it('are made by numbered migrations, apart from those of the outbox', async () => {
      const scene = await Scene.unopened(harness);
      if (scene.store.kind === 'memory') return;
      await expect(scene.store.open({ migrate: false })).rejects.toMatchObject({ code: 'STORE_OUTDATED' });
      const [one, other] = [scene.store, scene.bench.workflowStore(scene.outbox)];
      await Promise.all([one, other].map((store) => store.open({ migrate: true })));
      await other.open({ migrate: false });
      const status = await one.migrations.status();
      expect(status.map(({ appliedAtMs }) => typeof appliedAtMs)).toEqual(status.map(() => 'number'));
      expect(await one.migrations.run()).toEqual([]);
      await scene.committed({});
    });
  });
}

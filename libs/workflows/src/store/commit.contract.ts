import { describe, expect, it } from 'vitest';
import { commitOf, effect, event, ORDER } from '../fixtures/commits.js';
import { HOUR_MS, Scene, typesOf, type WorkflowHarness } from './scene.contract.js';

const PAYLOADS = {
  'an escaped null character': '{"a":"before\\u0000after"}',
  'quotes and backslashes': JSON.stringify(`'"\\ '' "" ; drop table x; -- $1 ? :a @b`),
  'an emoji': JSON.stringify('👩‍👩‍👧 and 𝒳'),
  'escaped lone surrogates': '["\\ud800","\\udfff"]',
  'white space, and doubled names': ' { "b" :\n 1, "b": 2 } ',
  'a megabyte': JSON.stringify('ä'.repeat(500_000)),
};

export function commitContract(harness: WorkflowHarness): void {
  describe('commit', () => {
    // IF1 IF2 IF3 IF6
    it('begins an instance, and goes on with it: its events are numbered without a gap', async () => {
      const scene = await Scene.of(harness);
      expect(await scene.store.load(ORDER, undefined)).toMatchObject({
        version: 0,
        isCompleted: false,
        snapshot: undefined,
        events: [],
      });
      await scene.committed({ events: [event('placed'), event('paid', { schema: 3 })], input: 'place' });
      await scene.committed({ version: 2, events: [event('sent', { type: null })], input: 'send' });
      const loaded = await scene.store.load(ORDER, undefined);
      expect(loaded).toMatchObject({ version: 3, isCompleted: false });
      const told = loaded.events.map(({ sequence, type, schema, input }) => [sequence, type, schema, input]);
      expect(told).toEqual([
        [1, 'placed', 1, 'place'],
        [2, 'paid', 3, 'place'],
        [3, null, 1, 'send'],
      ]);
    });

    // IF35
    it.each(Object.entries(PAYLOADS))('brings a payload with %s back as it was', async (_, payload) => {
      const scene = await Scene.of(harness);
      await scene.committed({
        events: [event('e', { payload })],
        timers: [{ key: 't', input: payload, delayMs: HOUR_MS }],
        snapshot: { version: 1, schema: 1, state: payload },
      });
      const { events } = await scene.store.load(ORDER, undefined);
      const { snapshot } = await scene.store.load(ORDER, 1);
      const [timer] = await scene.store.timers(ORDER);
      expect([events[0]?.payload, snapshot?.state, timer?.input].map((text) => text === payload)).toEqual([
        true,
        true,
        true,
      ]);
    });

    // IF8 IF75
    it('knows an instance by its workflow and its id, whatever they are called', async () => {
      const scene = await Scene.of(harness);
      const names = ['order', `it's "o"`, '中文 👋', 'a b', '%_', 'constructor'];
      for (const workflow of names)
        for (const id of names)
          await scene.committed({
            instance: { workflow, id },
            events: [event(`${workflow}/${id}`)],
            timers: [{ key: 't', input: id, delayMs: HOUR_MS }],
          });
      for (const workflow of names)
        for (const id of names) {
          expect(await scene.types(id, workflow)).toEqual([`${workflow}/${id}`]);
          expect(await scene.store.timers({ workflow, id })).toMatchObject([{ key: 't', input: id }]);
        }
    });

    // IF5
    it('puts the effects with the events, in their order', async () => {
      const scene = await Scene.of(harness);
      await scene.committed({ effects: [effect('1'), effect('2', { key: 'o1' }), effect('3')] });
      await scene.committed({ version: 1, effects: [effect('4')] });
      expect(await scene.payloads()).toEqual(['1', '2', '3', '4']);
    });

    // IF4
    it('writes nothing when somebody else committed since it was loaded', async () => {
      const scene = await Scene.of(harness);
      await scene.committed({ timers: [{ key: 'a', input: '1', delayMs: HOUR_MS }] });
      const stale = {
        events: [event('stale')],
        effects: [effect('stale')],
        timers: [{ key: 'b', input: '2', delayMs: 1 }],
        cancelled: ['a'],
        completes: true,
        snapshot: { version: 1, schema: 1, state: '"stale"' },
        uniqueKey: 'stale',
      };
      for (const version of [0, 2]) expect(await scene.commit({ ...stale, version })).toEqual({ type: 'conflict' });
      expect(await scene.store.load(ORDER, 1)).toMatchObject({ version: 1, isCompleted: false, snapshot: undefined });
      expect([await scene.timerKeys(), await scene.payloads()]).toEqual([['a'], []]);
      expect(await scene.commit({ instance: { ...ORDER, id: 'o2' }, version: 1 })).toEqual({ type: 'conflict' });
      await scene.committed({ instance: { ...ORDER, id: 'o3' }, uniqueKey: 'stale' });
    });

    // IF18
    it('lets one of those that decide at the same time through, from the first event on', async () => {
      const scene = await Scene.of(harness);
      const stores = [scene.store, await scene.another()];
      for (const version of [0, 1, 2]) {
        const answers = await Promise.all(
          Array.from({ length: 8 }, (_, at) =>
            stores[at % 2]!.commit(
              commitOf({ version, events: [event(`${version}.${at}`)], effects: [effect(`${at}`)] }),
            ),
          ),
        );
        expect(answers.filter(({ type }) => type === 'committed')).toHaveLength(1);
        expect(answers.filter(({ type }) => type === 'conflict')).toHaveLength(7);
        const winner = answers.findIndex(({ type }) => type === 'committed');
        expect((await scene.types())[version]).toBe(`${version}.${winner}`);
        expect(await scene.payloads()).toEqual([`${winner}`]);
      }
    });

    // IF19
    it('lets different instances through at the same time', async () => {
      const scene = await Scene.of(harness);
      const ids = Array.from({ length: 16 }, (_, at) => `o${at}`);
      await Promise.all(ids.map((id) => scene.committed({ instance: { ...ORDER, id }, effects: [effect(id)] })));
      expect((await scene.payloads()).toSorted()).toEqual(ids.toSorted());
    });

    // IF20
    it('ends with the one that completes: no input is decided after it, and no timer happens', async () => {
      const scene = await Scene.of(harness);
      await scene.committed({ timers: [{ key: 'late', input: '1', delayMs: 1 }] });
      await scene.committed({
        version: 1,
        events: [event('done')],
        completes: true,
        timers: [{ key: 'never', input: '2', delayMs: 1 }],
      });
      expect(await scene.store.load(ORDER, undefined)).toMatchObject({ version: 2, isCompleted: true });
      expect(await scene.commit({ version: 2 })).toEqual({ type: 'conflict' });
      expect(await scene.commit({ version: 2, events: [] })).toEqual({ type: 'conflict' });
      await scene.bench.elapse(HOUR_MS);
      expect([await scene.fire(), await scene.timerKeys()]).toEqual([[], []]);
    });

    it('may bring no events: then it begins nothing and the version stays, but its effects are put', async () => {
      const scene = await Scene.of(harness);
      await scene.committed({ events: [], effects: [effect('1')] });
      expect(await scene.store.list({}, { limit: 9 })).toEqual([]);
      await scene.committed({ completes: false });
      await scene.committed({ version: 1, events: [], effects: [effect('2')], completes: true });
      expect(await scene.store.load(ORDER, undefined)).toMatchObject({ version: 1, isCompleted: true });
      expect(await scene.payloads()).toEqual(['1', '2']);
    });

    // IF39
    it('happens once for one message: repeated, it writes nothing, whatever became of the instance', async () => {
      const scene = await Scene.of(harness);
      await scene.committed({ once: 'm1', effects: [effect('1')] });
      const again = { once: 'm1', effects: [effect('again')] };
      for (const version of [0, 1]) expect(await scene.commit({ version, ...again })).toEqual({ type: 'repeated' });
      // What was in conflict may be tried again: it was not committed.
      expect(await scene.commit({ once: 'm2' })).toEqual({ type: 'conflict' });
      await scene.committed({ version: 1, once: 'm2', completes: true });
      expect(await scene.commit({ version: 2, ...again })).toEqual({ type: 'repeated' });
      const racing = Array.from({ length: 6 }, () =>
        scene.commit({ instance: { ...ORDER, id: 'o2' }, once: 'm3', effects: [effect('2')] }),
      );
      const types = (await Promise.all(racing)).map(({ type }) => type);
      expect(types.toSorted()).toEqual(['committed', ...Array<string>(5).fill('repeated')]);
      expect(await scene.payloads()).toEqual(['1', '2']);
    });
  });

  describe('a unique key', () => {
    // IF36 IF37 IF38 IF39
    it('belongs to one running instance of its workflow', async () => {
      const scene = await Scene.of(harness);
      const o2 = { ...ORDER, id: 'o2' };
      await scene.committed({ uniqueKey: 'k' });
      const refused = { instance: o2, uniqueKey: 'k', effects: [effect('never')] };
      expect(await scene.commit(refused)).toEqual({ type: 'key-taken', by: 'o1' });
      expect(await scene.types('o2')).toEqual([]);
      await scene.committed({ instance: { workflow: 'cart', id: 'o2' }, uniqueKey: 'k' });
      await scene.committed({ instance: { ...ORDER, id: 'o3' }, uniqueKey: 'other' });
      await scene.committed({ version: 1, uniqueKey: 'k' });
      await scene.committed({ version: 2, uniqueKey: 'k', completes: true });
      await scene.committed({ instance: o2, uniqueKey: 'k' });
      expect(await scene.commit({ ...refused, instance: { ...ORDER, id: 'o4' } })).toEqual({
        type: 'key-taken',
        by: 'o2',
      });
      expect(await scene.payloads()).toEqual([]);
    });

    // IF40
    it('goes to one of those that begin with it at the same time; the others learn who it is', async () => {
      const scene = await Scene.of(harness);
      const stores = [scene.store, await scene.another()];
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, at) =>
          stores[at % 2]!.commit(
            commitOf({ instance: { ...ORDER, id: `o${at}` }, uniqueKey: 'k', effects: [effect('1')] }),
          ),
        ),
      );
      const winner = answers.findIndex(({ type }) => type === 'committed');
      const expected = answers.map((_, at) =>
        at === winner ? { type: 'committed' } : { type: 'key-taken', by: `o${winner}` },
      );
      expect(answers).toEqual(expected);
      expect(await scene.payloads()).toEqual(['1']);
    });
  });

  describe('a snapshot', () => {
    it('stands for the events before it, for those that know its schema', async () => {
      const scene = await Scene.of(harness);
      await scene.committed({ events: [event('1'), event('2')], snapshot: { version: 2, schema: 1, state: '"two"' } });
      await scene.committed({ version: 2, events: [event('3')] });
      const { snapshot, events, version } = await scene.store.load(ORDER, 1);
      expect([version, snapshot, typesOf(events)]).toEqual([3, { version: 2, schema: 1, state: '"two"' }, ['3']]);
      for (const schema of [undefined, 2]) {
        const all = await scene.store.load(ORDER, schema);
        expect([all.snapshot, typesOf(all.events)]).toEqual([undefined, ['1', '2', '3']]);
      }
    });

    it('may be kept later, and is left out when there is a newer one', async () => {
      const scene = await Scene.of(harness);
      await scene.committed({ events: [event('1'), event('2'), event('3')] });
      for (const version of [2, 3, 1])
        await scene.store.keepSnapshot(ORDER, { version, schema: 1, state: `${version}` });
      const { snapshot, events } = await scene.store.load(ORDER, 1);
      expect([snapshot?.state, events]).toEqual(['3', []]);
      await scene.store.keepSnapshot(ORDER, { version: 3, schema: 2, state: '"new"' });
      expect((await scene.store.load(ORDER, 2)).snapshot?.state).toBe('"new"');
      await scene.store.keepSnapshot({ ...ORDER, id: 'never begun' }, { version: 1, schema: 1, state: '1' });
      expect((await scene.store.load({ ...ORDER, id: 'never begun' }, 1)).snapshot).toBe(undefined);
    });
  });
}

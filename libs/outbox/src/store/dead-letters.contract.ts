import { describe, expect, it } from 'vitest';
import type { DeadLetterReason } from './dead.letter.reason.js';
import { bury, done, failure, idsOf, release, retry, Scene, sorted, type StoreHarness } from './scene.contract.js';
import type { Claimed, DeadLetterQuery, NewMessage } from './store.js';

export function deadLetterContract(harness: StoreHarness): void {
  /** Messages that were buried one after the other, 10 s between them. */
  const buried = async (
    ...said: (Partial<NewMessage> & { readonly reason?: DeadLetterReason })[]
  ): Promise<[Scene, number[]]> => {
    const scene = await Scene.of(harness);
    const host = await scene.host();
    const ids: number[] = [];
    for (const { reason = 'permanent', ...one } of said) {
      ids.push(await scene.appendOne(one));
      await host.settle(bury(await host.claimOne(one.channel), { reason }));
      await scene.bench.elapse(10_000);
    }
    return [scene, ids];
  };

  describe('dead letters', () => {
    // IF16 IF26
    it('tell all that was known of the message, and its failures', async () => {
      const scene = await Scene.of(harness);
      const id = await scene.appendOne({ payload: '[1]', headers: '{"t":1}', priority: 3 });
      const host = await scene.host();
      const first = await host.claimOne();
      await host.settle(
        retry(first, 60_000, { failure: { ...failure, message: 'first "try" \u2028' }, isCrash: false }),
      );
      await scene.pass(60_000);
      await host.settle(bury(await host.claimOne(), { failure: { ...failure, attempt: 2, message: 'second' } }));
      const letter = await scene.letter();
      expect(letter).toEqual({
        id,
        channel: 'a',
        payload: '[1]',
        headers: '{"t":1}',
        key: null,
        priority: 3,
        attempt: 2,
        crashes: 0,
        createdAtMs: expect.any(Number) as number,
        deadAtMs: expect.any(Number) as number,
        reason: 'permanent',
        history: [
          { ...failure, message: 'first "try" \u2028', atMs: expect.any(Number) as number },
          { ...failure, attempt: 2, message: 'second', atMs: expect.any(Number) as number },
        ],
      });
      expect(letter.deadAtMs).toBeGreaterThanOrEqual(letter.createdAtMs);
    });

    it('are found with the latest first, page by page', async () => {
      const scene = await Scene.of(harness);
      const ids = await scene.append({}, {}, {}, {}, {});
      const host = await scene.host();
      const claimed = await host.claim();
      // Not in the order of their ids: the latest is the one that died last.
      const order = [2, 0, 4, 1, 3];
      for (const at of order) {
        await host.settle(bury(claimed[at] as Claimed));
        await scene.bench.elapse(1_000);
      }
      const expected = order.toReversed().map((at) => ids[at]);
      expect(idsOf(await scene.dead())).toEqual(expected);
      const { deadLetters } = scene.store;
      const found: number[] = [];
      for (let page = await deadLetters.find({}, { limit: 2 }); page.length > 0 && found.length < 20;) {
        expect(page.length).toBeLessThanOrEqual(2);
        found.push(...idsOf(page));
        page = await deadLetters.find({}, { limit: 2, before: found.at(-1) as number });
      }
      expect(found).toEqual(expected);
    });

    it('that died in one moment are paged through without a gap or a repetition', async () => {
      const scene = await Scene.of(harness);
      const ids = await scene.append(...Array.from({ length: 7 }, () => ({})));
      const host = await scene.host();
      await host.settle(...(await host.claim()).map((one) => bury(one)));
      const found: number[] = [];
      for (let page = await scene.store.deadLetters.find({}, { limit: 3 }); page.length > 0 && found.length < 20;) {
        found.push(...idsOf(page));
        page = await scene.store.deadLetters.find({}, { limit: 3, before: found.at(-1) as number });
      }
      expect(sorted(found)).toEqual(ids);
    });

    // IF77 IF26
    it('are found, counted, retried and discarded by the same queries', async () => {
      const [scene, ids] = await buried(
        { reason: 'attempts' },
        { reason: 'permanent' },
        { channel: 'b', reason: 'attempts' },
        { reason: 'attempts' },
      );
      const [first, second, third, fourth] = ids as [number, number, number, number];
      const deadAt = new Map((await scene.dead()).map(({ id, deadAtMs }) => [id, deadAtMs]));
      const since = (id: number): number => deadAt.get(id) as number;
      const cases: [DeadLetterQuery, number[]][] = [
        [{}, ids],
        [{ channel: 'a' }, [first, second, fourth]],
        [{ channel: 'nobody knows' }, []],
        [{ reason: 'attempts' }, [first, third, fourth]],
        [{ channel: 'a', reason: 'attempts' }, [first, fourth]],
        [{ ids: [second, third, 1_000_000] }, [second, third]],
        [{ ids: [second, third], channel: 'b' }, [third]],
        // An empty list is a list: it names none, not all.
        [{ ids: [] }, []],
        [{ sinceMs: since(second) }, [second, third, fourth]],
        [{ untilMs: since(second) }, [first, second]],
        [{ sinceMs: since(second), untilMs: since(third) }, [second, third]],
        [{ sinceMs: since(fourth) + 1 }, []],
      ];
      const { deadLetters } = scene.store;
      for (const [query, expected] of cases) {
        expect([query, sorted(idsOf(await scene.dead(query)))]).toEqual([query, expected]);
        expect([query, await deadLetters.count(query)]).toEqual([query, expected.length]);
      }
      expect(await deadLetters.retry({ ids: [] })).toEqual([]);
      expect(await deadLetters.discard({ ids: [] })).toEqual([]);
      expect(await deadLetters.retry({ channel: 'nobody knows' })).toEqual([]);
      expect(await deadLetters.count({})).toBe(4);
      expect(sorted(await deadLetters.retry({ sinceMs: since(second), untilMs: since(third) }))).toEqual([
        second,
        third,
      ]);
      expect(sorted(await deadLetters.discard({ channel: 'a', reason: 'attempts' }))).toEqual([first, fourth]);
      expect(await deadLetters.count({})).toBe(0);
      expect([await scene.places('a'), await scene.places('b')]).toEqual([{ ready: 1 }, { ready: 1 }]);
    });

    it('are seen by all processes', async () => {
      const [scene, ids] = await buried({});
      const other = await scene.another();
      expect(await other.deadLetters.retry({})).toEqual(ids);
      expect(await scene.store.deadLetters.count({})).toBe(0);
    });
  });

  describe('a dead letter that is retried', () => {
    // IF11 IF17 IF26
    it('is what it was, with its id, and has its attempts afresh', async () => {
      const said = { payload: '[1]', headers: '{"t":1}', key: 'k', wantsResult: true };
      const [scene, ids] = await buried(said);
      const { createdAtMs } = await scene.letter();
      expect(await scene.store.deadLetters.retry({ ids })).toEqual(ids);
      const claimed = await (await scene.host()).claimOne();
      expect(claimed).toMatchObject({ id: ids[0], ...said, attempt: 1, crashes: 0, isSuspect: false });
      expect(claimed.createdAtMs).toBe(createdAtMs);
      expect(claimed.waitedMs).toBeLessThan(10_000);
    });

    it.each(['retry', 'retryWith'] as const)('is no outcome any more when it is tried again (%s)', async (how) => {
      const scene = await Scene.of(harness);
      const host = await scene.host();
      const id = await scene.appendOne({ wantsResult: true });
      await host.settle(bury(await host.claimOne(), { result: '"dead"', keepMs: 60_000 }));
      expect(await scene.store.finished([id])).toMatchObject([{ id, type: 'dead' }]);
      if (how === 'retry') await scene.store.deadLetters.retry({ ids: [id] });
      else await scene.store.deadLetters.retryWith(id, '2');
      expect(await scene.store.finished([id])).toEqual([]);
    });

    it('keeps its history when it dies again', async () => {
      const [scene, ids] = await buried({});
      const host = await scene.host();
      await scene.store.deadLetters.retry({});
      await host.settle(bury(await host.claimOne(), { failure: { ...failure, message: 'again' } }));
      await scene.store.deadLetters.retryWith(ids[0] as number, '2');
      await host.settle(
        bury(await host.claimOne(), { reason: 'refused', failure: { ...failure, message: 'and again' } }),
      );
      const letter = await scene.letter();
      expect(letter.reason).toBe('refused');
      expect(letter.history.map(({ message }) => message)).toEqual([failure.message, 'again', 'and again']);
      const times = letter.history.map(({ atMs }) => atMs);
      expect(times).toEqual(times.toSorted((one, other) => one - other));
    });

    it('keeps its priority', async () => {
      const [scene, ids] = await buried({ priority: 5 });
      const [low, high] = await scene.append({}, { priority: 7 });
      await scene.store.deadLetters.retry({});
      expect(idsOf(await (await scene.host()).claim())).toEqual([high, ids[0], low]);
    });

    // IFx7
    it('is refused while it lives: ready, delayed or claimed', async () => {
      const scene = await Scene.of(harness);
      const ids = await scene.append({}, {}, { delayMs: 60_000 }, {});
      const host = await scene.host();
      const [claimed, given, gone] = (await host.claim()) as [Claimed, Claimed, Claimed];
      await host.settle(release(given), done(gone));
      const { deadLetters } = scene.store;
      expect(await deadLetters.retry({ ids })).toEqual([]);
      expect(await deadLetters.discard({ ids })).toEqual([]);
      for (const id of ids) expect(await deadLetters.retryWith(id, '"other"')).toBe(false);
      expect(await scene.places()).toEqual({ ready: 1, delayed: 1, claimed: 1 });
      await host.settle(done(claimed));
      expect(await host.claimOne()).toMatchObject({ id: given.id, payload: '{}', attempt: 1 });
    });

    it('is retried once by many who ask', async () => {
      const [scene, ids] = await buried({}, {}, {});
      const stores = [scene.store, await scene.another()];
      const all = await Promise.all([...stores, ...stores].map(({ deadLetters }) => deadLetters.retry({})));
      expect(sorted(all.flat())).toEqual(ids);
      expect(await scene.places()).toEqual({ ready: 3 });
    });

    it('with another payload has that one, and keeps the rest', async () => {
      const [scene, ids] = await buried({ payload: '1', headers: '{"t":1}' }, { payload: '2' });
      const [first] = ids as [number, number];
      const payload = JSON.stringify('mended: \u0000 \' " 👋');
      expect(await scene.store.deadLetters.retryWith(first, payload)).toBe(true);
      expect(await scene.store.deadLetters.retryWith(first, '3')).toBe(false);
      expect(await scene.store.deadLetters.retryWith(1_000_000, '3')).toBe(false);
      const claimed = await (await scene.host()).claimOne();
      expect(claimed).toMatchObject({ id: first, payload, headers: '{"t":1}', attempt: 1 });
      expect(await scene.letter()).toMatchObject({ id: ids[1], payload: '2' });
    });
  });

  describe('a dead letter that is discarded', () => {
    it('is gone', async () => {
      const [scene, ids] = await buried({}, {});
      expect(await scene.store.deadLetters.discard({ ids: ids.slice(0, 1) })).toEqual(ids.slice(0, 1));
      expect(await scene.store.deadLetters.discard({ ids: ids.slice(0, 1) })).toEqual([]);
      expect(await scene.store.deadLetters.retry({ ids: ids.slice(0, 1) })).toEqual([]);
      expect(idsOf(await scene.dead())).toEqual(ids.slice(1));
      expect(await scene.places()).toEqual({ dead: 1 });
    });
  });
}

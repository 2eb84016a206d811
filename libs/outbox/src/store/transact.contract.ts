import { describe, expect, it } from 'vitest';
import type { Ledger, OwnTransaction } from './annex.js';
import { StoreOutdatedError, StoreTooNewError, TransactionOverError, WorkAsynchronousError } from './store.errors.js';
import { message, Scene, type StoreHarness, turn } from './scene.contract.js';

/** The first changes of a package that stands on the store; in words that both databases know. */
const ledgerOf = (count: number): Ledger => ({
  table: 'guest_migration',
  owner: '@nestjs-workers/guest',
  changes: [
    { name: 'a table for guests', sql: (at: string) => `create table ${within(at)}guest (name text primary key);` },
    { name: 'one guest', sql: (at: string) => `insert into ${within(at)}guest values ('the first');` },
    { name: 'no guests', needs: 2, sql: (at: string) => `delete from ${within(at)}guest;` },
  ].slice(0, count),
});

const within = (namespace: string): string => (namespace.endsWith('"') ? `${namespace}.` : namespace);
const insert = (namespace: string, mark: string): string =>
  `insert into ${within(namespace)}guest (name) values (${mark}) returning name`;

export function transactContract(harness: StoreHarness): void {
  describe('transact', () => {
    it('commits what was appended in it, in either way, and says so', async () => {
      const scene = await Scene.of(harness);
      let committed = false;
      let open: OwnTransaction | undefined;
      const result = await scene.store.transact((transaction) => {
        open = transaction;
        void transaction.committed.then(() => (committed = true));
        const appended = transaction.append([message({ payload: '1' }), message({ payload: '2' })]);
        void scene.store.append([message({ payload: '3' })], transaction);
        return scene.bench.isSynchronous ? appended : Promise.resolve(appended);
      });
      await turn();
      expect(committed).toBe(true);
      expect(result).toEqual([1, 2].map(() => ({ id: expect.any(Number) as number, isDuplicate: false })));
      const claimed = await (await scene.host()).claim();
      expect(claimed.map(({ payload }) => payload)).toEqual(['1', '2', '3']);
      // What comes late is written nowhere.
      await expect(async () => open?.append([message()])).rejects.toThrow(TransactionOverError);
      expect(await scene.places()).toEqual({ claimed: 3 });
    });

    it('takes back what was appended when the work throws', async () => {
      const scene = await Scene.of(harness);
      let committed = false;
      const failed = scene.store.transact((transaction) => {
        void transaction.committed.then(() => (committed = true));
        const appended = transaction.append([message(), message({ key: 'k' })]);
        if (!(appended instanceof Promise)) throw new Error('changed my mind');
        return appended.then(() => {
          throw new Error('changed my mind');
        });
      });
      await expect(failed).rejects.toThrow('changed my mind');
      await turn();
      expect([committed, await scene.places()]).toEqual([false, {}]);
    });

    it('rejects with what the work threw, also when that looks like a fault of the way to a store', async () => {
      const scene = await Scene.of(harness);
      const error = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
      const failed = scene.store.transact(() => {
        throw error;
      });
      await expect(failed).rejects.toBe(error);
    });

    it('writes nothing when it is to be taken back, and answers all the same', async () => {
      const scene = await Scene.of(harness);
      const answer = await scene.store.transact((transaction) => {
        void transaction.append([message()]);
        const isNew = transaction.once('k');
        transaction.takeBack();
        return isNew;
      });
      expect([answer, await scene.places()]).toEqual([true, {}]);
      const once = () => scene.store.transact((transaction) => transaction.once('k'));
      expect([await once(), await once()]).toEqual([true, false]);
    });

    it('keeps those of one turn apart: what one throws harms no other', async () => {
      const scene = await Scene.of(harness);
      const ends = await Promise.allSettled(
        Array.from({ length: 6 }, (_, at) =>
          scene.store.transact((transaction) => {
            const appended = transaction.append([message({ payload: `${at}` })]);
            if (at % 2 === 0) return appended as never;
            throw new Error(`no ${at}`);
          }),
        ),
      );
      expect(ends.map(({ status }) => status)).toEqual(ends.map((_, at) => (at % 2 === 0 ? 'fulfilled' : 'rejected')));
      const payloads = (await (await scene.host()).claim()).map(({ payload }) => payload);
      expect(payloads.toSorted()).toEqual(['0', '2', '4']);
    });
  });

  describe('an annex', () => {
    it('has tables and a ledger of its own, beside those of the store', async () => {
      const scene = await Scene.of(harness);
      const own = await scene.store.migrations.status();
      const [before, now] = [scene.store.annex(ledgerOf(1)), scene.store.annex(ledgerOf(2))];
      await expect(now.open({ migrate: false })).rejects.toThrow(StoreOutdatedError);
      if (scene.store.kind === 'memory') return;
      await before.open({ migrate: true });
      expect((await now.migrations.status()).map(({ appliedAtMs }) => appliedAtMs !== undefined)).toEqual([
        true,
        false,
      ]);
      const other = (await scene.another()).annex(ledgerOf(2));
      const ran = await Promise.all([now, other].map((annex) => annex.migrations.run()));
      expect(ran.flat()).toEqual(['one guest']);
      await now.open({ migrate: true });
      expect(await now.run(`select name from ${within(now.namespace)}guest`, [])).toEqual([{ name: 'the first' }]);
      expect(now.migrations.sql(1)).not.toContain('create table guest');
      expect(await scene.store.migrations.status()).toEqual(own);
    });

    it('lets an older library go on behind what only adds, and refuses one that is too old by the word of what was applied', async () => {
      const scene = await Scene.of(harness);
      if (scene.store.kind === 'memory') return;
      const [first, second, third] = [1, 2, 3].map((count) => scene.store.annex(ledgerOf(count)));
      await second?.open({ migrate: true });
      // The way back from the second to the first, which is older than the tables.
      expect(await first?.migrations.run()).toEqual([]);
      await first?.open({ migrate: false });
      const status = (await first?.migrations.status()) ?? [];
      expect(status.map(({ number, name }) => [number, name])).toEqual([
        [1, 'a table for guests'],
        [2, 'one guest'],
      ]);
      await third?.open({ migrate: true });
      await second?.open({ migrate: true });
      const refusal = await first?.open({ migrate: true }).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(StoreTooNewError);
      expect(refusal).toMatchObject({ found: 3, needed: 2, known: 1, owner: '@nestjs-workers/guest' });
      await expect(first?.migrations.status()).rejects.toThrow(StoreTooNewError);
      expect(third?.migrations.sql(2)).toMatch(/_needs/);
    });

    it('writes in one commit with the messages, or not at all, also when the work hides that a statement failed', async () => {
      const scene = await Scene.of(harness);
      const annex = scene.store.annex(ledgerOf(2));
      await annex.open({ migrate: true });
      if (scene.store.kind === 'memory') return;
      const mark = scene.store.kind === 'postgres' ? '$1' : '?';
      const add = (name: string, isHidden = false) =>
        scene.store.transact((transaction) => {
          void transaction.append([message({ payload: JSON.stringify(name) })]);
          const run = (): unknown => transaction.run(insert(annex.namespace, mark), [name]);
          if (!isHidden) return run() as never;
          try {
            const rows = run();
            return rows instanceof Promise ? (rows.catch(() => 'hidden') as never) : 'hidden';
          } catch {
            return 'hidden';
          }
        });
      expect(await add('anna')).toEqual([{ name: 'anna' }]);
      await expect(add('anna')).rejects.toThrow(/unique/i);
      await expect(add('anna', true)).rejects.toThrow(/unique/i);
      await add('bert');
      expect((await (await scene.host()).claim()).map(({ payload }) => payload)).toEqual(['"anna"', '"bert"']);
      expect(await annex.run(`select count(*) as count from ${within(annex.namespace)}guest`, [])).toEqual([
        { count: expect.anything() as unknown },
      ]);
    });

    it('refuses work that waits where transactions are synchronous', async () => {
      const scene = await Scene.of(harness);
      if (scene.store.kind !== 'sqlite') return;
      const waiting = scene.store.transact(async (transaction) => {
        void transaction.append([message()]);
        await turn();
        void transaction.append([message()]);
      });
      await expect(waiting).rejects.toThrow(WorkAsynchronousError);
      await turn();
      expect(await scene.places()).toEqual({});
    });
  });
}

import { until } from '@nestjs-workers/core/testing';
import { CompiledQuery, Kysely, SqliteDialect } from 'kysely';
import Libsql from 'libsql';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Store, Transaction } from '../store/store.js';
import { StoreUnreachableError } from '../store/store.errors.js';
import { FileBench, message } from './fixtures/bench.js';
import { fromSqlite, NotInTransactionError, sqliteStore, TransactionForeignError } from './index.js';

/** A store on a handle that the user has, with a table of the user's. */
async function lent(settings: { busyTimeoutMs?: number } = {}): Promise<{
  bench: FileBench;
  database: Libsql.Database;
  store: Store;
}> {
  const bench = await FileBench.make();
  const database = new Libsql(bench.file);
  const store = sqliteStore({ database, ...settings });
  onTestFinished(async () => {
    await store.close();
    database.close();
    await bench.close();
  });
  await store.open({ migrate: true });
  database.exec('create table orders (id integer primary key)');
  return { bench, database, store };
}

const orders = (database: Libsql.Database): number =>
  (database.prepare('select count(*) as count from orders').get() as { count: number }).count;

describe('a transaction of the user', () => {
  it('that is synchronous and on the lent handle takes its messages with it, to the end or back', async () => {
    const { database, store } = await lent();
    const order = database.transaction((isGood: boolean) => {
      database.prepare('insert into orders default values').run();
      void store.append([message({ payload: '7' })], fromSqlite(database));
      if (!isGood) throw new Error('changed my mind');
    });
    expect(() => order(false)).toThrow('changed my mind');
    expect([orders(database), await store.stats()]).toEqual([0, {}]);
    order(true);
    expect([orders(database), await store.stats()]).toMatchObject([1, { a: { ready: 1 } }]);
  });

  it('on another connection to the same file does so too', async () => {
    const { bench, store } = await lent();
    for (const end of ['rollback', 'commit'] as const) {
      const transaction = await bench.begin();
      await store.append([message(), message({ deduplicate: { key: 'd', windowMs: 1_000 } })], transaction.within);
      await transaction[end]();
    }
    expect(await store.stats()).toMatchObject({ a: { ready: 2 } });
  });

  it('of a query builder runs the one statement with its one parameter', async () => {
    const { bench, store } = await lent();
    const kysely = new Kysely<object>({ dialect: new SqliteDialect({ database: new Libsql(bench.file) }) });
    onTestFinished(() => kysely.destroy());
    const asked: string[] = [];
    const within = (trx: Kysely<object>): Transaction => ({
      dialect: 'sqlite',
      run: async (sql, parameters) => {
        asked.push(`${parameters.length} ${sql.split('?').length - 1}`);
        const { rows } = await trx.executeQuery(CompiledQuery.raw(sql, [...parameters]));
        return rows as Record<string, unknown>[];
      },
    });
    const ids = await kysely.transaction().execute(async (trx) => {
      const appended = await store.append([message({ payload: '1' }), message({ payload: '2' })], within(trx));
      return appended.map(({ id }) => id);
    });
    expect(asked).toEqual(['1 1']);
    expect(ids).toHaveLength(2);
    const undone = kysely.transaction().execute(async (trx) => {
      await store.append([message()], within(trx));
      throw new Error('changed my mind');
    });
    await expect(undone).rejects.toThrow('changed my mind');
    expect(await store.stats()).toMatchObject({ a: { ready: 2 } });
  });

  it('is refused when none is open, when it is over, and when it is of another database', async () => {
    const { database, store } = await lent();
    expect(() => fromSqlite(database)).toThrow(NotInTransactionError);
    database.exec('begin');
    const within = fromSqlite(database);
    database.exec('rollback');
    await expect(store.append([message()], within)).rejects.toThrow(NotInTransactionError);
    const foreign: Transaction = { dialect: 'postgres', run: () => [] };
    await expect(store.append([message()], foreign)).rejects.toThrow(TransactionForeignError);
    await expect(async () => store.once('key', foreign)).rejects.toThrow(TransactionForeignError);
  });

  it('that stays open on the lent handle gets nothing of what the store writes itself', async () => {
    const { database, store } = await lent();
    database.exec('begin; insert into orders default values');
    let isWritten = false;
    const appending = store.append([message()]).then(() => (isWritten = true));
    await new Promise((resolve) => void setImmediate(() => void setImmediate(resolve)));
    database.exec('rollback');
    expect(isWritten).toBe(false);
    await appending;
    expect([orders(database), await store.stats()]).toMatchObject([0, { a: { ready: 1 } }]);
  });

  it('that never ends is waited for no longer than was said', async () => {
    const { bench, database, store } = await lent({ busyTimeoutMs: 100 });
    database.exec('begin');
    await expect(store.append([message()])).rejects.toThrow(StoreUnreachableError);
    database.exec('rollback');
    const other = await bench.begin();
    await expect(store.append([message()])).rejects.toMatchObject({
      code: 'STORE_UNREACHABLE',
      cause: { code: 'SQLITE_BUSY' },
    });
    await other.rollback();
    expect(await store.append([message()])).toHaveLength(1);
  });

  it('wakes the host of the same handle when it is committed', async () => {
    const { database, store } = await lent();
    let woken = 0;
    await store.enroll({
      name: 'one',
      leaseMs: 60_000,
      onWake: () => void (woken += 1),
      onFinished: () => {},
      onLost: () => {},
      onFault: () => {},
    });
    database.exec('begin');
    await store.append([message()], fromSqlite(database));
    database.exec('commit');
    await until(() => woken > 0);
  });
});

import { Pool, types } from 'pg';
import { until } from '@nestjs-workers/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bury, done, idsOf, message, retry } from '../store/scene.contract.js';
import { StoreTooNewError, StoreUnreachableError } from '../store/store.errors.js';
import { PostgresScene, proxied } from './fixtures/scene.js';
import { freshSchema } from '../../../../test/support/postgres.js';
import { postgresStore } from './postgres.store.js';
import type { PostgresPool, Query } from './pool.js';

const wanted = [{ channel: 'a', room: 10 }];

function lent(connectionString: string, options: object = {}): Pool {
  const pool = new Pool({ connectionString, ...options });
  onTestFinished(() => pool.end());
  return pool;
}

describe('a lent pool', () => {
  it('stays open, and keeps nothing of the store', async () => {
    const scene = await PostgresScene.of();
    const pool = lent(scene.data.connectionString);
    const store = scene.store({ pool });
    await store.open({ migrate: false });
    await scene.enroll(store);
    await store.close();
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    expect(pool.listenerCount('error')).toBe(0);
  });

  it('may read values in a way of its own', async () => {
    const scene = await PostgresScene.of();
    const pool = lent(scene.data.connectionString, {
      types: {
        getTypeParser: (type: number) =>
          type === 20 ? BigInt : type === 16 ? () => 'maybe' : types.getTypeParser(type),
      },
    });
    const store = scene.store({ pool });
    const { seat } = await scene.enroll(store);
    const ids = idsOf(await store.append([message({ wantsResult: true })]));
    const claimed = await store.claim(seat, wanted);
    expect(claimed).toMatchObject([{ id: ids[0], wantsResult: true, isSuspect: false }]);
  });

  it('may lead to a server that only reads for a while: whoever asks is told, and the next one has a new connection', async () => {
    const scene = await PostgresScene.of();
    const pool = lent(scene.data.connectionString, { max: 1 });
    const store = scene.store({ pool });
    const onlyRead = () => pool.query('set default_transaction_read_only = on');
    const verbs = [
      () => store.append([message()]),
      () => store.transact((transaction) => transaction.append([message()])),
    ];
    for (const verb of verbs) {
      await onlyRead();
      await expect(verb()).rejects.toThrow(StoreUnreachableError);
      expect(await verb()).toMatchObject([{ isDuplicate: false }]);
    }
  });

  it('may lose all its connections', async () => {
    const scene = await PostgresScene.of();
    const pool = lent(scene.data.connectionString, { application_name: scene.data.schema });
    const store = scene.store({ pool });
    const { heard } = await scene.enroll(store);
    await Promise.all(Array.from({ length: 5 }, () => store.append([message()])));
    await scene.data.query('select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1', [
      scene.data.schema,
    ]);
    await until(() => heard.faults.length > 0);
    // Those that nobody has noticed yet fail once.
    await until(async () => (await store.append([message()]).catch(() => [])).length === 1);
  });
});

describe('a database that cannot be reached', () => {
  it('is told as such, with the cause, and nothing ends the process', async () => {
    const scene = await PostgresScene.of();
    const way = await proxied(scene.data.connectionString);
    const store = scene.store({ connectionString: way.connectionString });
    await store.open({ migrate: false });
    way.cut();
    const refusal = await store.append([message()]).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(StoreUnreachableError);
    expect((refusal as Error).cause).toBeInstanceOf(Error);
    await expect(store.open({ migrate: true })).rejects.toBeInstanceOf(StoreUnreachableError);
    way.mend();
    expect(await store.append([message()])).toHaveLength(1);
  });

  it('gives back what was claimed when the answer was lost, with its attempt', async () => {
    const scene = await PostgresScene.of();
    const pool = lent(scene.data.connectionString);
    let isLost = false;
    const deaf = new Proxy(pool, {
      get: (target, name) =>
        name === 'query'
          ? async (query: Query) => {
              const result = await target.query({ ...query, values: [...(query.values ?? [])] });
              if (!isLost || !query.text.includes('claimed')) return result;
              isLost = false;
              throw new Error('Connection terminated unexpectedly');
            }
          : (Reflect.get(target, name) as unknown),
    }) as unknown as PostgresPool;
    const store = scene.store({ pool: deaf });
    const { seat } = await scene.enroll(store);
    const ids = idsOf(await store.append([message(), message(), message({ key: 'k' })]));
    const [kept] = await store.claim(seat, [{ channel: 'a', room: 1 }]);
    isLost = true;
    await expect(store.claim(seat, wanted)).rejects.toBeInstanceOf(StoreUnreachableError);
    expect((await store.stats())['a']).toMatchObject({ claimed: 3 });
    const claimed = await store.claim(seat, wanted);
    expect(claimed.map(({ id, attempt }) => [id, attempt])).toEqual(ids.slice(1).map((id) => [id, 1]));
    expect(
      await store.settle(
        seat,
        [kept!, ...claimed].map((one) => done(one)),
      ),
    ).toEqual([]);
  });
});

describe('the tables', () => {
  it('can be made by hand, from the text, also without the right to make a schema', async () => {
    const data = freshSchema();
    const store = postgresStore({ connectionString: data.connectionString, schema: data.schema });
    onTestFinished(async () => {
      await store.close();
      await data.drop();
      await data.query(`drop role if exists "${data.schema}"`).catch(() => {});
    });
    await data.query(store.migrations.sql());
    await store.open({ migrate: false });
    expect(await store.migrations.run()).toEqual([]);
    expect((await store.append([message()]))[0]).toMatchObject({ isDuplicate: false });
  });

  it('of a newer version are gone on with, until one says that this version is too old', async () => {
    const scene = await PostgresScene.of();
    await scene.data.query(`insert into ${scene.table('migration')} (number, name) values (999, 'of tomorrow')`);
    await scene.store().open({ migrate: true });
    await scene.data.query(
      `create table ${scene.table('migration_needs')} (number int primary key, needs int not null)`,
    );
    await scene.data.query(`insert into ${scene.table('migration_needs')} values (999, 998)`);
    await expect(scene.store().open({ migrate: true })).rejects.toBeInstanceOf(StoreTooNewError);
  });

  it('are looked up in the schema that is named, whatever its name needs', async () => {
    const { connectionString, query } = freshSchema();
    const schema = `It's "so" called`.replaceAll('"', '');
    const store = postgresStore({ connectionString, schema });
    onTestFinished(async () => {
      await store.close();
      await query(`drop schema "${schema}" cascade`);
    });
    await store.open({ migrate: true });
    expect(await store.append([message({ key: 'k' })])).toMatchObject([{ isDuplicate: false }]);
    expect(() => postgresStore({ connectionString, schema: 'a"b' })).toThrow(TypeError);
  });

  it('never look small to the planner', async () => {
    const scene = await PostgresScene.of();
    await scene.data.query(`vacuum analyze ${scene.table('message')}`);
    const [size] = await scene.data.query(`select pg_relation_size('${scene.table('message')}') / 8192 as pages`);
    expect(Number(size!.pages)).toBeGreaterThanOrEqual(160);
  });
});

describe('a note in the transaction', () => {
  it('wakes the others with the commit, and not before', async () => {
    const scene = await PostgresScene.of();
    const store = scene.store({ notifyInTransaction: true });
    const { heard } = await scene.enroll(scene.store());
    const client = await lent(scene.data.connectionString).connect();
    const within = {
      dialect: 'postgres',
      run: async (sql: string, parameters: readonly unknown[]) => (await client.query(sql, [...parameters])).rows,
    };
    await client.query('begin');
    await store.append([message({ channel: 'b' })], within);
    await client.query('rollback');
    await client.query('begin');
    await store.append([message(), message()], within);
    await client.query('commit');
    client.release();
    await until(() => heard.woken.length > 0);
    expect(heard.woken).toEqual([['a']]);
  });
});

describe('a history', () => {
  it('keeps its latest lines when there are very many', async () => {
    const scene = await PostgresScene.of();
    const store = scene.store();
    const { seat } = await scene.enroll(store);
    await store.append([message()]);
    const text = 'x'.repeat(10_000);
    for (let attempt = 1; attempt <= 12; attempt++) {
      const [claimed] = await store.claim(seat, wanted);
      const failure = { attempt, kind: 'handler_error', message: text, host: 'one' };
      const end = attempt < 12 ? retry(claimed!, 0, { failure }) : bury(claimed!, { reason: 'attempts', failure });
      expect(await store.settle(seat, [end])).toEqual([]);
    }
    const [letter] = await store.deadLetters.find({}, { limit: 1 });
    const attempts = letter!.history.map(({ attempt }) => attempt);
    expect(attempts.length).toBeLessThan(12);
    expect(attempts).toEqual(Array.from({ length: attempts.length }, (_, at) => 13 - attempts.length + at));
  });
});

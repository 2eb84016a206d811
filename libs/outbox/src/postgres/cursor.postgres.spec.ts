import { Pool } from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { done, idsOf, message } from '../store/scene.contract.js';
import type { Claimed, Seat, Store } from '../store/store.js';
import { PostgresScene } from './fixtures/scene.js';

const wanted = (room: number, channel = 'a') => [{ channel, room }];

/** One connection, so that what the server counts is there when it is asked. */
function countingPool(connectionString: string): Pool {
  const pool = new Pool({ connectionString, max: 1 });
  onTestFinished(() => pool.end());
  return pool;
}

async function counts(pool: Pool, schema: string) {
  await pool.query('select pg_stat_force_next_flush()');
  const { rows } = await pool.query<{ read: string; updated: string; hot: string }>(
    `select (select sum(idx_tup_read) from pg_stat_user_indexes where schemaname = $1 and relname = 'message') as read,
      n_tup_upd as updated, n_tup_hot_upd as hot
    from pg_stat_user_tables where schemaname = $1 and relname = 'message'`,
    [schema],
  );
  const { read, updated, hot } = rows[0]!;
  return { read: Number(read), updated: Number(updated), hot: Number(hot) };
}

/** Exchanges until `count` are done, and settles the rest. */
async function work(store: Store, seat: Seat, room: number, count: number): Promise<void> {
  let claimed: readonly Claimed[] = [];
  for (let ended = 0; ended < count; ended += claimed.length) {
    ({ claimed } = await store.exchange(
      seat,
      claimed.map((one) => done(one)),
      wanted(room),
    ));
  }
  await store.settle(
    seat,
    claimed.map((one) => done(one)),
  );
}

describe('claiming', () => {
  it('changes no index: each claim is a HOT update, also in large batches', async () => {
    const scene = await PostgresScene.of();
    const pool = countingPool(scene.data.connectionString);
    const store = scene.store({ pool });
    const { seat } = await scene.enroll(store);
    await store.append(Array.from({ length: 5_000 }, () => message({ payload: JSON.stringify('x'.repeat(100)) })));
    await work(store, seat, 16, 2_000);
    await work(store, seat, 500, 3_000);
    const { updated, hot } = await counts(pool, scene.data.schema);
    expect(updated).toBe(5_000);
    expect(hot / updated).toBeGreaterThan(0.95);
  });

  it('reads what it claims and little more while a forgotten transaction keeps all that is dead', async () => {
    const scene = await PostgresScene.of();
    const { connectionString, schema } = scene.data;
    const forgotten = new Pool({ connectionString, max: 1 });
    onTestFinished(() => forgotten.end());
    const client = await forgotten.connect();
    await client.query('begin isolation level repeatable read');
    await client.query('select txid_current()');
    const pool = countingPool(connectionString);
    const store = scene.store({ pool });
    const { seat } = await scene.enroll(store);
    const fill = async () => store.append(Array.from({ length: 4_000 }, () => message()));
    await fill();
    await work(store, seat, 16, 4_000);
    await fill();
    const before = await counts(pool, schema);
    await work(store, seat, 16, 2_000);
    const after = await counts(pool, schema);
    // 125 claims, of which one or another is a scan that walks over 4,000 dead rows; without a cursor each of them would be.
    expect((after.read - before.read) / 2_000).toBeLessThan(40);
    client.release(true);
  });

  it('reads nothing of the other channels, whatever the statistics say', async () => {
    const scene = await PostgresScene.of();
    const pool = countingPool(scene.data.connectionString);
    const store = scene.store({ pool });
    const { seat } = await scene.enroll(store);
    await store.append(Array.from({ length: 5_000 }, () => message({ channel: 'busy' })));
    await pool.query(`analyze ${scene.table('message')}`);
    await store.append([message()]);
    const before = await counts(pool, scene.data.schema);
    for (let claims = 0; claims < 20; claims++) await store.claim(seat, wanted(1));
    const after = await counts(pool, scene.data.schema);
    expect(after.read - before.read).toBeLessThan(500);
  });

  it('finds what was committed late, before the place where it is, when nothing else is left', async () => {
    const scene = await PostgresScene.of();
    const store = scene.store();
    const { seat } = await scene.enroll(store);
    const late = new Pool({ connectionString: scene.data.connectionString, max: 1 });
    onTestFinished(() => late.end());
    const client = await late.connect();
    await client.query('begin');
    const [first] = await scene.store().append([message()], {
      dialect: 'postgres',
      run: async (sql, parameters) => (await client.query(sql, [...parameters])).rows,
    });
    const [second] = await store.append([message()]);
    expect(idsOf(await store.claim(seat, wanted(1)))).toEqual([second!.id]);
    await client.query('commit');
    client.release();
    expect(idsOf(await store.claim(seat, wanted(1)))).toEqual([first!.id]);
  });

  it('finds what another process gave back, and its ranks, within two seconds of work', async () => {
    const scene = await PostgresScene.of();
    const [store, other] = [scene.store(), scene.store()];
    const { seat } = await scene.enroll(store);
    const { seat: far } = await scene.enroll(other);
    await store.append(Array.from({ length: 40 }, () => message()));
    const [given] = await other.claim(far, wanted(1));
    await store.claim(seat, wanted(2));
    await far.leave();
    const [urgent] = await scene.store().append([message({ priority: 9 })]);
    const missing = new Set([given!.id, urgent!.id]);
    const began = performance.now();
    while (missing.size > 0 && performance.now() - began < 4_000) {
      await store.append([message(), message()]);
      for (const { id } of await store.claim(seat, wanted(1))) missing.delete(id);
    }
    expect(missing.size).toBe(0);
    expect(performance.now() - began).toBeLessThan(3_000);
  });
});

describe('a key with many messages', () => {
  it('does not slow the others: of each key only the oldest is looked at', async () => {
    const scene = await PostgresScene.of();
    const pool = countingPool(scene.data.connectionString);
    const store = scene.store({ pool });
    const { seat } = await scene.enroll(store);
    await store.append(Array.from({ length: 20_000 }, () => message({ key: 'many' })));
    await store.append(Array.from({ length: 40 }, (_, at) => message({ key: `other ${at}` })));
    const before = await counts(pool, scene.data.schema);
    const claimed: number[] = [];
    for (let claims = 0; claims < 20; claims++) claimed.push(...idsOf(await store.claim(seat, wanted(4))));
    const after = await counts(pool, scene.data.schema);
    expect(new Set(claimed).size).toBe(41);
    expect(after.read - before.read).toBeLessThan(5_000);
  });

  it('takes turns with thousands of other keys', async () => {
    const scene = await PostgresScene.of();
    const store = scene.store();
    const { seat } = await scene.enroll(store);
    await store.append(Array.from({ length: 3_000 }, (_, at) => message({ key: `k${at % 1_000}` })));
    const keys: (string | null)[] = [];
    for (let claims = 0; keys.length < 1_000 && claims < 200; claims++) {
      keys.push(...(await store.claim(seat, wanted(10))).map(({ key }) => key));
    }
    expect(new Set(keys).size).toBe(1_000);
  });

  it('has the order of its commits: an append waits for another one that is not committed', async () => {
    const scene = await PostgresScene.of();
    const store = scene.store();
    const { seat } = await scene.enroll(store);
    const open = new Pool({ connectionString: scene.data.connectionString, max: 1 });
    onTestFinished(() => open.end());
    const client = await open.connect();
    await client.query('begin');
    const [first] = await store.append([message({ key: 'k' })], {
      dialect: 'postgres',
      run: async (sql, parameters) => (await client.query(sql, [...parameters])).rows,
    });
    let isWritten = false;
    const second = store.append([message({ key: 'k' })]).finally(() => (isWritten = true));
    await store.append([message({ key: 'l' })]);
    expect(isWritten).toBe(false);
    await client.query('commit');
    client.release();
    const [after] = await second;
    expect(idsOf(await store.claim(seat, wanted(9)))).toContain(first!.id);
    expect(after!.id).toBeGreaterThan(first!.id);
  });
});

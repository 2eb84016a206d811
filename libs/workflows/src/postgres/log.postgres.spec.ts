import { postgresStore } from '@nestjs-workers/outbox/postgres';
import { Client } from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { commitOf, event, ORDER } from '../fixtures/commits.js';
import { HOUR_MS } from '../store/scene.contract.js';
import { commitStatement } from './commit.js';
import { eventsAfterSql } from './log.js';
import { fireSql } from './fire.js';
import { loadSql } from './load.js';
import { workflowStore } from './index.js';
import { postgresBench } from './fixtures/postgres.harness.js';

async function scene() {
  const bench = postgresBench();
  onTestFinished(() => bench.close());
  await bench.outbox.open({ migrate: true });
  const store = workflowStore(bench.outbox);
  await store.open({ migrate: true });
  const client = new Client({ connectionString: bench.data.connectionString });
  await client.connect();
  onTestFinished(() => client.end());
  return { bench, store, client, at: `"${bench.data.schema}"` };
}

describe('the log in PostgreSQL', () => {
  // IFx9
  it('does not pass over an event that is committed late, below those that a projection could have read', async () => {
    const { store, client, at } = await scene();
    await store.commit(commitOf({ instance: { ...ORDER, id: 'first' } }));
    await client.query('begin');
    const late = commitStatement(at, commitOf({ instance: { ...ORDER, id: 'late' } }));
    await client.query(late.sql, [...late.parameters]);
    await store.commit(commitOf({ instance: { ...ORDER, id: 'early' } }));

    const seen: string[] = [];
    const project = () =>
      store.project('p', async (from) => {
        const events = await store.eventsAfter(from, ['order'], 10);
        seen.push(...events.map(({ id }) => id));
        return events.at(-1)?.position;
      });
    // Neighbours on the server may hold the log back for a while.
    while (seen.length < 1) await project();
    for (let looks = 0; looks < 5; looks++) await project();
    expect(seen).toEqual(['first']);
    await client.query('commit');
    while (seen.length < 3) await project();
    expect(seen).toEqual(['first', 'late', 'early']);
  });

  it('goes on when the late one is rolled back', async () => {
    const { store, client, at } = await scene();
    await client.query('begin');
    const late = commitStatement(at, commitOf({ instance: { ...ORDER, id: 'late' } }));
    await client.query(late.sql, [...late.parameters]);
    await store.commit(commitOf());
    expect(await store.eventsAfter(undefined, ['order'], 10)).toEqual([]);
    await client.query('rollback');
    let ids: string[] = [];
    while (ids.length === 0) ids = (await store.eventsAfter(undefined, ['order'], 10)).map(({ id }) => id);
    expect(ids).toEqual(['o1']);
  });
});

describe('a log that was restored into another server', () => {
  it('is refused until it is migrated, then counted on: nothing new lies before what was there', async () => {
    const { bench, store, client, at } = await scene();
    const seen: string[] = [];
    const project = async (count: number): Promise<void> => {
      while (seen.length < count)
        await store.project('p', async (from, eventsAfter) => {
          const events = await eventsAfter(from, ['order', 'cart'], 10);
          seen.push(...events.map(({ id }) => id));
          return events.at(-1)?.position;
        });
    };
    await store.commit(commitOf({ instance: { ...ORDER, id: '0' } }));
    await store.commit(commitOf({ instance: { workflow: 'cart', id: '1' } }));
    await project(2);
    for (const server of [1, 2]) {
      // What a dump brings: numbers that this server has not come to.
      const moved = `(split_part(position, ':', 1)::bigint + 1000000000)::text || ':' || split_part(position, ':', 2)`;
      await client.query(`update ${at}.workflow_event set xid = (xid::text::bigint + 1000000000)::text::xid8`);
      await client.query(`update ${at}.workflow_projection set position = ${moved}`);
      const outdated = { code: 'STORE_OUTDATED', message: expect.stringContaining('workflows migrate') as string };
      await expect(workflowStore(bench.outbox).open({ migrate: false })).rejects.toMatchObject(outdated);
      await expect(project(99)).rejects.toMatchObject(outdated);
      const counted = await Promise.all([1, 2, 3].map(() => workflowStore(bench.outbox).migrations.run()));
      expect(counted.flat()).toHaveLength(1);
      await workflowStore(bench.outbox).open({ migrate: false });
      await store.commit(commitOf({ instance: { ...ORDER, id: `${server * 2}` } }));
      await store.commit(commitOf({ instance: { workflow: 'cart', id: `${server * 2 + 1}` } }));
      await project(server * 2 + 2);
    }
    expect(seen).toEqual(['0', '1', '2', '3', '4', '5']);
    seen.length = 0;
    await store.rewind('p');
    await project(6);
    expect(seen).toEqual(['0', '1', '2', '3', '4', '5']);
  });

  it('needs nothing when this server has come further than that', async () => {
    const { bench, store, client, at } = await scene();
    await store.commit(commitOf());
    await client.query(`update ${at}.workflow_event set xid = '3'`);
    expect(await workflowStore(bench.outbox).migrations.run()).toEqual([]);
    await store.commit(commitOf({ instance: { ...ORDER, id: 'new' } }));
    let ids: string[] = [];
    while (ids.length < 2) ids = (await store.eventsAfter(undefined, ['order'], 10)).map(({ id }) => id);
    expect(ids).toEqual(['o1', 'new']);
  });
});

describe('a log whose shift is lost', () => {
  it('is read as one that was never counted on, and counted on anew where it was', async () => {
    const { bench, store, client, at } = await scene();
    await store.commit(commitOf());
    await client.query(`delete from ${at}.workflow_log`);
    let ids: string[] = [];
    while (ids.length === 0) ids = (await store.eventsAfter(undefined, ['order'], 10)).map(({ id }) => id);
    expect(await workflowStore(bench.outbox).migrations.run()).toEqual([]);
    await client.query(`update ${at}.workflow_event set xid = (xid::text::bigint + 1000000000)::text::xid8`);
    const outdated = { code: 'STORE_OUTDATED' };
    await expect(workflowStore(bench.outbox).open({ migrate: false })).rejects.toMatchObject(outdated);
    expect(await workflowStore(bench.outbox).migrations.run()).toHaveLength(1);
    await store.commit(commitOf({ instance: { ...ORDER, id: 'new' } }));
    while (ids.length < 2) ids = (await store.eventsAfter(undefined, ['order'], 10)).map(({ id }) => id);
    expect(ids).toEqual(['o1', 'new']);
  });
});

describe('projections', () => {
  const small = async (max: number) => {
    const { bench } = await scene();
    const { connectionString, schema } = bench.data;
    const outbox = postgresStore({ connectionString, schema, config: { max, connectionTimeoutMillis: 2_000 } });
    onTestFinished(() => outbox.close());
    return { store: workflowStore(outbox) };
  };

  it('leave a connection to others while one that is slow is waited for, to be built anew', async () => {
    const { store } = await small(2);
    let rewound: Promise<void> | undefined;
    const turn = store.project('slow', async (from) => {
      rewound = store.rewind('slow');
      await new Promise((resolve) => setTimeout(resolve, 20));
      await store.load(ORDER, undefined);
      return from ?? '1:1';
    });
    expect(await turn).toBe(true);
    await rewound;
    expect(await store.checkpoint('slow')).toBe(undefined);
  });

  it.each([2, 3])('do not take all connections of a pool of %i: their handlers need some as well', async (max) => {
    const { store } = await small(max);
    const turns = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) =>
      store.project(name, async (from, eventsAfter) => {
        await eventsAfter(from, ['order'], 10);
        await new Promise((resolve) => setTimeout(resolve, 20));
        await store.load(ORDER, undefined);
        return from;
      }),
    );
    expect(await Promise.all(turns)).toEqual(Array(6).fill(true));
  });
});

describe('a plan', () => {
  it('made while there was nothing finds everything by an index when there is much', async () => {
    const { client, at } = await scene();
    const begun = commitOf({
      uniqueKey: 'k',
      events: [event('a')],
      timers: [{ key: 't', input: '1', delayMs: HOUR_MS }],
      cancelled: ['u'],
    });
    const fired = { ...begun, version: 1, firedTimer: { key: 't', generation: 1 } };
    const literal = (value: unknown): string => (typeof value === 'string' ? `'${value}'` : JSON.stringify(value));
    const commits = [begun, { ...begun, version: 1 }, fired].map((commit) => commitStatement(at, commit));
    const asked: [string, readonly unknown[]][] = [
      ...commits.map(({ sql, parameters }) => [sql, parameters] as [string, readonly unknown[]]),
      [loadSql(at), ['order', 'o1', 1]],
      [fireSql(at), ['{order}', 10]],
      [eventsAfterSql(at), ['0', 0, '{order}', 10]],
    ];
    for (const mode of ['force_generic_plan', 'force_custom_plan']) {
      await client.query(`set plan_cache_mode = ${mode}`);
      for (const [sql, parameters] of asked) {
        await client.query(`prepare tried as ${sql}`);
        const { rows } = await client.query<{ 'QUERY PLAN': string }>(
          `explain execute tried (${parameters.map(literal).join(', ')})`,
        );
        const detours = rows
          .map((row) => row['QUERY PLAN'].trim())
          .filter((line) => /Seq Scan on workflow_(instance|event|timer)/.test(line));
        expect({ mode, sql: sql.slice(0, 60), detours }).toEqual({ mode, sql: sql.slice(0, 60), detours: [] });
        await client.query('deallocate tried');
      }
    }
  });
});

import { Client } from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { commitOf, event, HOUR_MS, ORDER } from '../store/scene.contract.js';
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
  return { store, client, at: `"${bench.data.schema}"` };
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
    expect(await project()).toBe(true);
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

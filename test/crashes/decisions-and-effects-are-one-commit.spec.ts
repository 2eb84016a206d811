import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { until } from '@nestjs-workers/core/testing';
import { postgresStore } from '@nestjs-workers/outbox/postgres';
import { describe, expect, it, onTestFinished } from 'vitest';
import { workflowStore } from '../../libs/workflows/src/postgres/index.js';
import { freshSchema } from '../support/postgres.js';
import type { Decided, Deciding } from './fixtures/deciding.process.js';

const FROM_SOURCES = ['--import', new URL('../support/typescript.import.mjs', import.meta.url).href];
const PROGRAM = fileURLToPath(new URL('fixtures/deciding.process.ts', import.meta.url));

async function scene() {
  const data = freshSchema();
  const { connectionString, schema } = data;
  const outbox = postgresStore({ connectionString, schema });
  const children: ChildProcess[] = [];
  onTestFinished(async () => {
    for (const child of children) child.kill('SIGKILL');
    await outbox.close();
    await data.drop();
  });
  await outbox.open({ migrate: true });
  const store = workflowStore(outbox);
  await store.open({ migrate: true });
  const start = (said: Omit<Deciding, 'connectionString' | 'schema'>): ChildProcess => {
    const words = JSON.stringify({ connectionString, schema, ...said });
    const child = spawn(process.execPath, [...FROM_SOURCES, PROGRAM, words], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    return child;
  };
  return { store, start, query: data.query, schema };
}

/** How many decisions of one process are committed. */
async function decisionsOf({ query, schema }: Awaited<ReturnType<typeof scene>>, name: string): Promise<number> {
  const by = `%"by":"${name}"%`;
  const [{ count } = {}] = await query(
    `select count(*)::int as count from "${schema}".workflow_event where payload::text like $1`,
    [by],
  );
  return Number(count);
}

/** The events of an instance, each of which was decided on the sum of all before it: so they have a serial order. */
async function history({ store }: Awaited<ReturnType<typeof scene>>, id: string): Promise<Decided[]> {
  const events = (await store.load({ workflow: 'sum', id }, undefined)).events;
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, at) => at + 1));
  let sum = 0;
  const decided = events.map(({ payload }) => JSON.parse(payload) as Decided);
  for (const { before, adds } of decided) {
    expect(before).toBe(sum);
    sum += adds;
  }
  return decided;
}

describe('of processes that decide on the same instances in PostgreSQL', () => {
  it('eight at once decide as if one came after the other', async () => {
    const made = await scene();
    const names = Array.from({ length: 8 }, (_, at) => `p${at}`);
    const ended = names.map((name) => once(made.start({ name, ids: ['one'], commits: 15 }), 'exit'));
    expect((await Promise.all(ended)).map(([code]) => code as unknown)).toEqual(names.map(() => 0));
    const events = await history(made, 'one');
    expect(events).toHaveLength(8 * 15);
    for (const name of names)
      expect(events.filter(({ by }) => by === name).map(({ n }) => n)).toEqual(Array.from({ length: 15 }, (_, n) => n));
  });

  it('those that are killed at random leave no event without its effect, and no effect without its event', async () => {
    const made = await scene();
    const ids = ['a', 'b', 'c', 'd'];
    await Promise.all(
      Array.from({ length: 2 }, async (_, place) => {
        for (let life = 0; life < 2; life++) {
          const name = `p${place}.${life}`;
          const child = made.start({ name, ids, commits: 1_000_000 });
          const gone = once(child, 'exit');
          const enough = 6 + Math.floor(Math.random() * 60);
          await until(async () => (await decisionsOf(made, name)) >= enough, '60s');
          child.kill('SIGKILL');
          await gone;
        }
      }),
    );
    let count = 0;
    for (const id of ids) count += (await history(made, id)).length;
    expect(count).toBeGreaterThan(20);
    // In one look: the server may not have noticed yet that the last one is dead.
    const torn = await made.query(`
      select event.name as event, effect.name as effect
      from (select format('"%s/%s"', instance, sequence) as name from "${made.schema}".workflow_event) event
        full join (select payload as name from "${made.schema}".message where channel = 'sums') effect
        on event.name = effect.name
      where event.name is null or effect.name is null`);
    expect(torn).toEqual([]);
  });
});

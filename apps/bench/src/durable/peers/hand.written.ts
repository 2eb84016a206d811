import { Pool } from 'pg';
import { freshDatabase } from '../database.js';
import type { Job, Queue, Tuning } from '../queue.js';

/** The least that is a queue: a table, a claim with SKIP LOCKED in batches, and one DELETE for a batch. No lease, no retry, no death. */
export async function open(tuning: Tuning): Promise<Queue> {
  const pool = new Pool({ connectionString: await freshDatabase() });
  await pool.query(
    'create table job (id bigint generated always as identity primary key, payload text, taken boolean not null default false)',
  );
  const life = { isOver: false };
  const claim = `update job set taken = true where id in
    (select id from job where not taken order by id limit $1 for update skip locked) returning id, payload`;
  const loop = async (handle: (job: Job) => void | Promise<void>, size: number): Promise<void> => {
    while (!life.isOver) {
      const { rows } = await pool.query<{ id: string; payload: string }>({
        name: 'claim',
        text: claim,
        values: [size],
      });
      if (rows.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      await Promise.all(rows.map(async ({ payload }) => handle(JSON.parse(payload) as Job)));
      const values = [rows.map(({ id }) => id)];
      await pool.query({ name: 'settle', text: 'delete from job where id = any($1::bigint[])', values });
    }
  };
  return {
    add: (job) =>
      pool.query({ name: 'add', text: 'insert into job (payload) values ($1)', values: [JSON.stringify(job)] }),
    addAll: (all) =>
      pool.query({
        name: 'add all',
        text: 'insert into job (payload) select unnest($1::text[])',
        values: [all.map((job) => JSON.stringify(job))],
      }),
    work: async (handle, concurrency) => {
      const loops = tuning === 'tuned' ? 2 : 1;
      for (let nth = 0; nth < loops; nth++) loop(handle, tuning === 'tuned' ? 500 : concurrency).catch(() => {});
    },
    left: async () => Number((await pool.query<{ count: string }>('select count(*) from job')).rows[0]!.count),
    close: async () => {
      life.isOver = true;
      await pool.end();
    },
  };
}

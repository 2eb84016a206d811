import { Pool } from 'pg';
import { freshDatabase } from '../database.js';
import { type Boss, queueOf } from '../peers/pg-boss.js';
import type { Queue, Tuning } from '../queue.js';
import { neighbour } from './neighbours.js';

interface NewestBoss extends Boss {
  insert(name: string, jobs: readonly { readonly data: object }[]): Promise<unknown>;
}

/** Tuned it also takes the next batch at once while they come full. */
export async function open(tuning: Tuning): Promise<Queue> {
  const { PgBoss } = await neighbour<{ PgBoss: new (options: object) => NewestBoss }>('pg-boss');
  const connectionString = await freshDatabase();
  const boss = new PgBoss({ connectionString });
  const pool = new Pool({ connectionString });
  const queue = await queueOf(boss, tuning, {
    tuned: { burstWhenBatchFull: true },
    insert: (name, jobs) =>
      boss.insert(
        name,
        jobs.map((data) => ({ data })),
      ),
    left: async (name) => {
      const open = `select count(*) from pgboss.job where name = $1 and state < 'completed'`;
      const { rows } = await pool.query<{ count: string }>(open, [name]);
      return Number(rows[0]!.count);
    },
  });
  return { ...queue, close: () => Promise.all([queue.close(), pool.end()]) };
}

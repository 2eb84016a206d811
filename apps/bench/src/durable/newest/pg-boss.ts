import { Pool } from 'pg';
import { freshDatabase } from '../database.js';
import type { Job, Queue, Tuning } from '../queue.js';
import { neighbour } from './neighbours.js';

const NAME = 'jobs';

interface PgBoss {
  on(event: 'error', listener: () => void): unknown;
  start(): Promise<unknown>;
  stop(options: { graceful: boolean }): Promise<void>;
  createQueue(name: string): Promise<void>;
  send(name: string, data: object): Promise<unknown>;
  insert(name: string, jobs: readonly { readonly data: object }[]): Promise<unknown>;
  work<T>(
    name: string,
    options: object,
    handle: (batch: readonly { readonly data: T }[]) => Promise<void>,
  ): Promise<unknown>;
}

/** Tuned: batches of a thousand for each of two workers, the next one at once while they come full. */
export async function open(tuning: Tuning): Promise<Queue> {
  const { PgBoss: Boss } = await neighbour<{ PgBoss: new (options: object) => PgBoss }>('pg-boss');
  const connectionString = await freshDatabase();
  const boss = new Boss({ connectionString });
  const pool = new Pool({ connectionString });
  boss.on('error', () => {});
  await boss.start();
  await boss.createQueue(NAME);
  return {
    add: (job) => boss.send(NAME, job),
    addAll: (all) =>
      boss.insert(
        NAME,
        all.map((data) => ({ data })),
      ),
    work: async (handle, concurrency) => {
      const isTuned = tuning === 'tuned';
      const options = isTuned ? { batchSize: 1_000, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 } : {};
      for (let worker = 0; worker < (isTuned ? 2 : concurrency); worker++)
        await boss.work<Job>(NAME, options, async (batch) => {
          for (const { data } of batch) await handle(data);
        });
    },
    left: async () => {
      const open = `select count(*) from pgboss.job where name = $1 and state < 'completed'`;
      const { rows } = await pool.query<{ count: string }>(open, [NAME]);
      return Number(rows[0]!.count);
    },
    close: async () => {
      await boss.stop({ graceful: false });
      await pool.end();
    },
  };
}

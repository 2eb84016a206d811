import { postgresStore } from '@nestjs-workers/outbox/postgres';
import { Kysely, PostgresDialect } from 'kysely';
import { Pool } from 'pg';
import { freshDatabase } from '../database.js';
import type { Queue, Tuning } from '../queue.js';
import { open, type OurQueue } from './ours.js';

/** Each job is put in a transaction of Kysely, which does not tell when it is committed; the workers are in the same process. */
export async function here(tuning: Tuning): Promise<Queue> {
  const connectionString = await freshDatabase();
  const host = await open(postgresStore({ connectionString }), tuning);
  return putting(connectionString, host, host);
}

/** The same, and the workers are those of another host: only its polls find what was put. */
export async function elsewhere(tuning: Tuning): Promise<Queue> {
  const connectionString = await freshDatabase();
  const from = await open(postgresStore({ connectionString }), tuning);
  const to = await open(postgresStore({ connectionString }), tuning);
  return putting(connectionString, from, to);
}

function putting(connectionString: string, from: OurQueue, to: OurQueue): Queue {
  const database = new Kysely<object>({ dialect: new PostgresDialect({ pool: new Pool({ connectionString }) }) });
  const add: Queue['add'] = (job) => database.transaction().execute((transaction) => from.addWithin(transaction, job));
  return {
    add,
    addAll: (all) => Promise.all(all.map(add)),
    work: (handle, concurrency) => to.work(handle, concurrency),
    left: () => to.left(),
    close: async () => {
      await database.destroy();
      await from.close();
      if (to !== from) await to.close();
    },
  };
}

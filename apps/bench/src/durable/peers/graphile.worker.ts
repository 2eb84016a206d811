import type { Runner } from 'graphile-worker';
import { Pool } from 'pg';
import { freshDatabase } from '../database.js';
import type { Job, OpenQueue, Queue, Tuning } from '../queue.js';

type Graphile = Pick<typeof import('graphile-worker'), 'Logger' | 'makeWorkerUtils' | 'run'>;

export const open = openBy(() => import('graphile-worker'));

/** One version of it. Tuned as its page on performance does: 24 at a time, a local queue, completions in batches. */
export function openBy(load: () => Promise<Graphile>): OpenQueue {
  return async (tuning) => queueOf(await load(), tuning);
}

async function queueOf({ Logger, makeWorkerUtils, run }: Graphile, tuning: Tuning): Promise<Queue> {
  const connectionString = await freshDatabase();
  const logger = new Logger(() => () => {});
  const utils = await makeWorkerUtils({ connectionString, logger });
  await utils.migrate();
  const pool = new Pool({ connectionString });
  let runner: Runner | undefined;
  return {
    add: (job) => utils.addJob('handle', job),
    addAll: (all) => utils.addJobs(all.map((payload) => ({ identifier: 'handle', payload }))),
    work: async (handle, concurrency) => {
      const tuned = { concurrentJobs: 24, localQueue: { size: 500 }, completeJobBatchDelay: 0 };
      const taskList = { handle: async (payload: unknown) => handle(payload as Job) };
      runner = await run({
        connectionString,
        taskList,
        logger,
        noHandleSignals: true,
        ...(tuning === 'tuned' ? { preset: { worker: tuned } } : { concurrency }),
      });
    },
    left: async () => {
      const { rows } = await pool.query<{ count: string }>('select count(*) from graphile_worker.jobs');
      return Number(rows[0]!.count);
    },
    close: async () => {
      await runner?.stop();
      await utils.release();
      await pool.end();
    },
  };
}

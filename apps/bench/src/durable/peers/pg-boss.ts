import PgBoss from 'pg-boss';
import { freshDatabase } from '../database.js';
import type { Job, Queue, Tuning } from '../queue.js';

const NAME = 'jobs';

/** Tuned: batches of a thousand for each of two workers, polled as often as it allows. */
export async function open(tuning: Tuning): Promise<Queue> {
  const boss = new PgBoss({ connectionString: await freshDatabase() });
  boss.on('error', () => {});
  await boss.start();
  await boss.createQueue(NAME);
  return {
    add: (job) => boss.send(NAME, job),
    addAll: (all) => boss.insert(all.map((data) => ({ name: NAME, data }))),
    work: async (handle, concurrency) => {
      const isTuned = tuning === 'tuned';
      const options = isTuned ? { batchSize: 1_000, pollingIntervalSeconds: 0.5 } : {};
      for (let worker = 0; worker < (isTuned ? 2 : concurrency); worker++)
        await boss.work<Job>(NAME, options, async (batch) => {
          for (const { data } of batch) await handle(data);
        });
    },
    left: () => boss.getQueueSize(NAME, { before: 'completed' }),
    close: () => boss.stop({ graceful: false }),
  };
}

import Database from 'libsql';
import { better, defineQueue, defineWorker } from 'plainjob';
import { freshFile } from '../database.js';
import type { Job, Queue } from '../queue.js';

/** On the same driver as ours, and as durable: a commit is on the disk when `add` returns. */
export async function open(): Promise<Queue> {
  const database = new Database(freshFile());
  const queue = defineQueue({ connection: better(database) });
  database.pragma('synchronous = FULL');
  const workers: { stop(): Promise<void> }[] = [];
  return {
    add: async (job) => queue.add('jobs', job),
    addAll: async (all) => queue.addMany('jobs', [...all]),
    work: async (handle, concurrency) => {
      const logger = { error() {}, warn() {}, info() {}, debug() {} };
      for (let nth = 0; nth < concurrency; nth++) {
        const options = { queue, logger };
        const worker = defineWorker('jobs', async ({ data }) => handle(JSON.parse(data) as Job), options);
        workers.push(worker);
        void worker.start();
      }
    },
    left: async () => queue.countJobs({ type: 'jobs' }) - queue.countJobs({ type: 'jobs', status: 2 }),
    close: async () => {
      await Promise.all(workers.map((worker) => worker.stop()));
      queue.close();
    },
  };
}

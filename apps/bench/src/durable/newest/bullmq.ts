import { freshDatabase } from '../database.js';
import type { Job, Queue, Tuning } from '../queue.js';
import { neighbour } from './neighbours.js';

const NAME = 'jobs';

interface BullQueue {
  add(name: string, data: Job): Promise<unknown>;
  addBulk(jobs: readonly { readonly name: string; readonly data: Job }[]): Promise<unknown>;
  getJobCountByTypes(...types: readonly string[]): Promise<number>;
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}

interface Bull {
  createPostgresBackend: unknown;
  withBackend(
    this: void,
    backend: unknown,
  ): {
    Queue: new (name: string, options: object) => BullQueue;
    Worker: new (
      name: string,
      handle: (job: { readonly data: Job }) => Promise<void>,
      options: object,
    ) => { on(event: 'error', listener: () => void): unknown; close(): Promise<void> };
  };
}

/** On PostgreSQL. It is tuned by its concurrency, and 16 was the best of 8 to 64. */
export async function open(_tuning: Tuning): Promise<Queue> {
  const { createPostgresBackend, withBackend } = await neighbour<Bull>('bullmq');
  const { Queue: BullQueue, Worker } = withBackend(createPostgresBackend);
  const connection = { connectionString: await freshDatabase(), migrate: true };
  const queue = new BullQueue(NAME, { connection });
  await queue.waitUntilReady();
  let worker: { close(): Promise<void> } | undefined;
  return {
    add: (job) => queue.add(NAME, job),
    addAll: (all) => queue.addBulk(all.map((data) => ({ name: NAME, data }))),
    work: async (handle, concurrency) => {
      const started = new Worker(NAME, async ({ data }) => handle(data), { connection, concurrency });
      started.on('error', () => {});
      worker = started;
    },
    left: () => queue.getJobCountByTypes('waiting', 'prioritized', 'active', 'delayed'),
    close: async () => {
      await worker?.close();
      await queue.close();
    },
  };
}

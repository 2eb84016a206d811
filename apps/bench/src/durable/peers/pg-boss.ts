import PgBoss from 'pg-boss';
import { freshDatabase } from '../database.js';
import type { Job, Queue, Tuning } from '../queue.js';

const NAME = 'jobs';

/** What all versions of pg-boss have in common. */
export interface Boss {
  on(event: 'error', listener: () => void): unknown;
  start(): Promise<unknown>;
  stop(options: { graceful: boolean }): Promise<void>;
  createQueue(name: string): Promise<void>;
  send(name: string, data: object): Promise<unknown>;
  work<T>(
    name: string,
    options: object,
    handle: (batch: readonly { readonly data: T }[]) => Promise<void>,
  ): Promise<unknown>;
}

/** And what each has of its own. */
export interface BossWays {
  /** What its workers are told when it is tuned, beside the size of their batches. */
  readonly tuned: object;
  readonly insert: (name: string, jobs: readonly Job[]) => Promise<unknown>;
  readonly left: (name: string) => Promise<number>;
}

export async function open(tuning: Tuning): Promise<Queue> {
  const boss = new PgBoss({ connectionString: await freshDatabase() });
  return queueOf(boss, tuning, {
    tuned: {},
    insert: (name, jobs) => boss.insert(jobs.map((data) => ({ name, data }))),
    left: (name) => boss.getQueueSize(name, { before: 'completed' }),
  });
}

/** Tuned: batches of a thousand for each of two workers, polled as often as it allows. */
export async function queueOf(boss: Boss, tuning: Tuning, { tuned, insert, left }: BossWays): Promise<Queue> {
  boss.on('error', () => {});
  await boss.start();
  await boss.createQueue(NAME);
  return {
    add: (job) => boss.send(NAME, job),
    addAll: (all) => insert(NAME, all),
    work: async (handle, concurrency) => {
      const isTuned = tuning === 'tuned';
      const options = isTuned ? { batchSize: 1_000, pollingIntervalSeconds: 0.5, ...tuned } : {};
      for (let worker = 0; worker < (isTuned ? 2 : concurrency); worker++)
        await boss.work<Job>(NAME, options, async (batch) => {
          for (const { data } of batch) await handle(data);
        });
    },
    left: () => left(NAME),
    close: () => boss.stop({ graceful: false }),
  };
}

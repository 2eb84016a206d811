/**
 * What every peer of the suite `durable` is brought to: a queue on a disk, ways to put into it, and workers that empty it.
 *
 * A queue promises that what was put is handled at least once, and that `left` counts what is not done and recorded as done.
 */
export interface Queue {
  /** Resolves when the job is committed. */
  add(job: Job): Promise<unknown>;
  addAll(jobs: readonly Job[]): Promise<unknown>;
  /** Starts workers: `concurrency` jobs at a time. */
  work(handle: (job: Job) => void | Promise<void>, concurrency: number): Promise<void>;
  left(): Promise<number>;
  close(): Promise<unknown>;
}

export interface Job {
  readonly id: number;
  readonly putAt: number;
  readonly text: string;
}

/** How a queue is set up: as it comes, or by its documentation's best advice for throughput. */
export type Tuning = 'defaults' | 'tuned';

export type OpenQueue = (tuning: Tuning) => Promise<Queue>;

/** About 100 bytes of JSON. */
export function job(id: number): Job {
  return { id, putAt: performance.now(), text: 'someone@example.com, and a subject of some length' };
}

/** `count` jobs, numbered from `first` on. */
export function jobs(count: number, first = 0): Job[] {
  return Array.from({ length: count }, (_, at) => job(first + at));
}

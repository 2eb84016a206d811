import type { Scenario } from '../../suite/scenario.js';
import { job, type OpenQueue } from '../queue.js';

const PER_SECOND = 50;

/** From the call that puts a job to the start of its handler, at a pace that leaves every queue idle most of the time. */
export const latency: Scenario<OpenQueue> = {
  name: 'latency-50',
  title: 'From put to start, 50 a second',
  about: '50 jobs a second are put one by one; from the call that puts a job until its handler is entered.',
  items: 1_000,
  needs: [],
  measures: [
    { key: 'p50Ms', title: 'p50 ms', digits: 1 },
    { key: 'p95Ms', title: 'p95 ms', digits: 1 },
    { key: 'p99Ms', title: 'p99 ms', digits: 1 },
    { key: 'maxMs', title: 'max ms', digits: 0 },
  ],
  frames: [],
  bars: [
    { type: 'at-most', measure: 'p50Ms', limit: 5 },
    { type: 'at-most', measure: 'p99Ms', limit: 15 },
  ],
  async play(open, items) {
    const queue = await open('defaults');
    const waits: number[] = [];
    let finish: () => void = () => {};
    const finished = new Promise<void>((resolve) => (finish = resolve));
    await queue.work(({ putAt, id }) => {
      if (id >= 0) waits.push(performance.now() - putAt);
      if (waits.length === items) finish();
    }, 16);
    for (let warm = 0; warm < Math.min(20, items); warm++) await queue.add(job(-1));
    const patience = setTimeout(finish, (items / PER_SECOND) * 1_000 + 10_000);
    for (let id = 0; id < items; id++) {
      void queue.add(job(id));
      await new Promise((resolve) => setTimeout(resolve, 1_000 / PER_SECOND));
    }
    await finished;
    clearTimeout(patience);
    await queue.close();
    const sorted = waits.toSorted((a, b) => a - b);
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Infinity;
    return { items: waits.length, p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), maxMs: at(1) };
  },
};

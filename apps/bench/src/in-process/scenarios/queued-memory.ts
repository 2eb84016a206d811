import { liveBytes } from '../../pass/heap.js';
import type { Scenario } from '../../suite/scenario.js';
import { Countdown } from '../countdown.js';
import type { Job, OpenLine } from '../line.js';

/**
 * What a waiting message weighs. The payloads are made before the scales are read, so that they do not count; a first, small
 * line is opened before too, so that what its peer loads and compiles does not count either.
 */
export const queuedMemory: Scenario<OpenLine> = {
  name: 'queued-memory',
  title: 'Memory of a queued message',
  about: 'Jobs wait behind a handler that is held; live heap bytes per waiting job, its payload not counted.',
  items: 1_000_000,
  needs: ['backlog'],
  measures: [{ key: 'heapBytes', title: 'heap bytes/message', digits: 0 }],
  frames: ['fastq'],
  bars: [{ type: 'at-most', measure: 'heapBytes', limit: 150 }],
  async play(open, items) {
    await rehearse(open);
    const jobs = Array.from({ length: items }, (_, id): Job => ({ id }));
    const held = new Promise<number>(() => undefined);
    const before = await liveBytes();
    const line = await open({ handler: () => held, concurrency: 1, buffer: items, isBounded: false });
    for (const job of jobs) line.post(job);
    const after = await liveBytes();
    return { items: jobs.length, heapBytes: (after - before) / jobs.length };
  },
};

async function rehearse(open: OpenLine): Promise<void> {
  const handled = new Countdown();
  const handler = async ({ id }: Job) => {
    handled.count();
    return id;
  };
  const line = await open({ handler, concurrency: 1, buffer: 1_000, isBounded: false });
  const last = handled.from(1_000);
  for (let id = 0; id < 1_000; id++) line.post({ id });
  await last;
  await line.close?.();
}

import { timedOnce } from '../../pass/once.js';
import type { Bar } from '../../suite/bar.js';
import type { Scenario } from '../../suite/scenario.js';
import { job, jobs, type OpenQueue } from '../queue.js';
import { perJob } from './measures.js';

const BULK = 1_000;

/** Jobs are put by so many senders, each waiting for its commit before it puts the next. */
export function enqueue(senders: number, bars: readonly Bar[] = []): Scenario<OpenQueue> {
  return {
    name: `enqueue-${senders}`,
    title: senders === 1 ? 'Put, one by one' : `Put, ${senders} senders`,
    about: `${senders === 1 ? 'One sender' : `${senders} senders`}, each waiting for its commit before it puts the next job.`,
    items: 5_000,
    needs: ['throughput'],
    measures: perJob,
    frames: ['hand-written'],
    bars,
    async play(open, items) {
      const queue = await open('defaults');
      await queue.add(job(0));
      const figures = await timedOnce(items, async () => {
        let next = 0;
        const sender = async () => {
          while (next < items) await queue.add(job(next++));
        };
        await Promise.all(Array.from({ length: senders }, sender));
      });
      await queue.close();
      return figures;
    },
  };
}

/** A thousand jobs in one call. */
export const enqueueBulk: Scenario<OpenQueue> = {
  name: 'enqueue-bulk',
  title: 'Put, a thousand in one call',
  about: 'One sender puts a thousand jobs in one call and waits for the commit, again and again.',
  items: 50_000,
  needs: ['throughput'],
  measures: perJob,
  frames: ['hand-written'],
  bars: [],
  async play(open, items) {
    const queue = await open('defaults');
    await queue.addAll(jobs(10));
    const figures = await timedOnce(items, async () => {
      for (let put = 0; put < items; put += BULK) await queue.addAll(jobs(Math.min(BULK, items - put)));
    });
    await queue.close();
    return figures;
  },
};

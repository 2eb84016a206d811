import type { Bar } from '../../suite/bar.js';
import type { Figures, Scenario } from '../../suite/scenario.js';
import { jobs, type OpenQueue, type Queue, type Tuning } from '../queue.js';
import { perJob } from './measures.js';

const BULK = 1_000;
const CONCURRENCY = 16;
/** A queue that does eight jobs a second would take the whole afternoon. */
const PATIENCE_MS = 25_000;
const GLANCE_MS = 10;

/** A full queue is emptied by no-op handlers: from the first that is entered until the store says that nothing is left. */
export function drain(tuning: Tuning, bars: readonly Bar[]): Scenario<OpenQueue> {
  const how = tuning === 'defaults' ? 'as it comes, 16 at a time' : 'at its best documented tuning';
  return {
    name: `drain-${tuning}`,
    title: `Empty a full queue, ${tuning === 'defaults' ? 'defaults, 16 at a time' : 'tuned'}`,
    about: `20,000 jobs lie there; no-op handlers, ${how}. From the first job that is started until the store says that nothing is left, or for ${PATIENCE_MS / 1_000} s.`,
    items: 20_000,
    needs: tuning === 'tuned' ? ['tuning'] : ['throughput'],
    measures: perJob,
    frames: ['hand-written'],
    bars,
    async play(open, items) {
      const queue = await open(tuning);
      await fill(queue, items);
      const figures = await empty(queue, items);
      await queue.close();
      return figures;
    },
  };
}

export async function fill(queue: Queue, items: number): Promise<void> {
  for (let put = 0; put < items; put += BULK) await queue.addAll(jobs(Math.min(BULK, items - put), put));
}

export async function empty(queue: Queue, items: number): Promise<Figures> {
  let handled = 0;
  let began = 0;
  let cpu = process.cpuUsage();
  let finish: () => void = () => {};
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const patience = setTimeout(finish, PATIENCE_MS);
  await queue.work(() => {
    if (handled++ === 0) {
      began = performance.now();
      cpu = process.cpuUsage();
    }
    if (handled === items) finish();
  }, CONCURRENCY);
  await finished;
  clearTimeout(patience);
  const isAllHandled = handled >= items;
  for (let left = isAllHandled ? await queue.left() : 0; left > 0; left = await queue.left())
    await new Promise((resolve) => setTimeout(resolve, GLANCE_MS));
  const wallMs = performance.now() - began;
  const { user, system } = process.cpuUsage(cpu);
  const done = Math.max(1, Math.min(handled, items));
  return { items: done, wallUs: (wallMs * 1e3) / done, rate: (done * 1e3) / wallMs, cpuUs: (user + system) / done };
}

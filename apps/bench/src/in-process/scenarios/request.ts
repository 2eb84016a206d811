import type { Scenario } from '../../suite/scenario.js';
import { HERE, timed } from '../../pass/pass.js';
import type { Line, OpenLine } from '../line.js';
import { perItem } from './measures.js';

const CONCURRENCY = 16;

/** Request and reply: a number of callers, each asking again as soon as it has been answered. */
export function request(callers: number, habit = HERE): Scenario<OpenLine> {
  const isSequential = callers === 1;
  return {
    name: `request-${callers}`,
    title: isSequential ? 'Requests, one after the other' : `Requests, ${callers} callers`,
    about: `${isSequential ? 'One caller awaits each answer before it asks again' : `${callers} callers, each awaiting its answer before it asks again`}; no-op async handler, concurrency ${CONCURRENCY}.`,
    items: 1_000_000,
    needs: [],
    measures: perItem,
    frames: ['promise-chain', 'fastq'],
    bars: isSequential ? [] : [{ type: 'at-most-times', measure: 'cpuNs', peer: 'promise-chain', times: 2 }],
    async play(open, items) {
      const line = await open({
        handler: async (job) => job.id,
        concurrency: CONCURRENCY,
        buffer: callers,
        isBounded: false,
      });
      const timing = await timed(items, (count) => ask(line, callers, count), habit);
      await line.close?.();
      return timing;
    },
  };
}

async function ask(line: Line, callers: number, count: number): Promise<void> {
  let asked = 0;
  const caller = async () => {
    while (asked < count) {
      const id = asked++;
      const answer = await line.request({ id });
      if (answer !== id) throw new Error(`Request ${id} was answered with ${answer}.`);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
}

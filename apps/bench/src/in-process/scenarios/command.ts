import type { Bar } from '../../suite/bar.js';
import type { Scenario } from '../../suite/scenario.js';
import { HERE, timed } from '../../pass/pass.js';
import { Countdown } from '../countdown.js';
import type { Handler, OpenLine } from '../line.js';
import { perItem } from './measures.js';

type Style = 'sync' | 'async';

const bars: Readonly<Record<string, readonly Bar[]>> = {
  'command-16-async': [
    { type: 'at-most-times', measure: 'cpuNs', peer: 'fastq', times: 1.1 },
    { type: 'times-less', measure: 'cpuNs', peer: 'fastq.promise', times: 4 },
    { type: 'times-less', measure: 'cpuNs', peer: 'p-queue', times: 8 },
  ],
};

/** Fire and forget: every job is posted in one go, and then the last handler is waited for. */
export function command(concurrency: number, style: Style, habit = HERE): Scenario<OpenLine> {
  const name = `command-${concurrency}-${style}`;
  return {
    name,
    title: `Commands, ${concurrency} at a time, ${style} handler`,
    about: `Jobs are posted in one go to a no-op ${style} handler, concurrency ${concurrency}; the pass ends with the last handler.`,
    items: 1_000_000,
    needs: concurrency > 1 ? ['concurrency'] : [],
    measures: perItem,
    frames: ['promise-chain', 'fastq'],
    bars: bars[name] ?? [],
    async play(open, items) {
      const handled = new Countdown();
      const line = await open({ handler: noop(style, handled), concurrency, buffer: items, isBounded: false });
      const timing = await timed(
        items,
        async (count) => {
          const last = handled.from(count);
          for (let id = 0; id < count; id++) line.post({ id });
          await last;
        },
        habit,
      );
      await line.close?.();
      return timing;
    },
  };
}

function noop(style: Style, handled: Countdown): Handler {
  if (style === 'sync')
    return (job) => {
      handled.count();
      return job.id;
    };
  return async (job) => {
    handled.count();
    return job.id;
  };
}

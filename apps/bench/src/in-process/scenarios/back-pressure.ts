import type { Scenario } from '../../suite/scenario.js';
import { timed } from '../../pass/pass.js';
import { Countdown } from '../countdown.js';
import type { Line, OpenLine } from '../line.js';
import { perItem } from './measures.js';

/** A producer that is faster than its consumer and is made to wait: the buffer never holds more than it may. */
export function backPressure(buffer: number): Scenario<OpenLine> {
  return {
    name: `back-pressure-${buffer}`,
    title: `Back-pressure, buffer of ${buffer}`,
    about: `One producer waits for room in a buffer of ${buffer} before each job; no-op async handler, concurrency 1; the pass ends with the last handler.`,
    items: 1_000_000,
    needs: ['bound'],
    measures: perItem,
    frames: ['fastq'],
    bars: [],
    async play(open, items) {
      const handled = new Countdown();
      const handler = async ({ id }: { id: number }) => {
        handled.count();
        return id;
      };
      const line = await open({ handler, concurrency: 1, buffer, isBounded: true });
      const timing = await timed(items, async (count) => {
        const last = handled.from(count);
        await produce(line, count);
        await last;
      });
      await line.close?.();
      return timing;
    },
  };
}

/** Puts that many jobs, waiting for room whenever the line says so. */
export async function produce(line: Line, count: number): Promise<void> {
  for (let id = 0; id < count; id++) {
    const room = line.put({ id });
    if (room) await room;
  }
}

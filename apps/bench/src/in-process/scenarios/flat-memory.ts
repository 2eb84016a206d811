import { liveBytes } from '../../pass/heap.js';
import type { Scenario } from '../../suite/scenario.js';
import type { OpenLine } from '../line.js';
import { produce } from './back-pressure.js';

const READINGS = 10;

/** Whether a long stream through a small buffer leaves anything behind. A leak of one byte a message would be a thousand KB. */
export const flatMemory: Scenario<OpenLine> = {
  name: 'flat-memory',
  title: 'Memory of a stream through a buffer of 8',
  about: `A producer that waits for room sends jobs through a buffer of 8; live heap after each tenth. Growth is the last reading less the first, spread the highest less the lowest.`,
  items: 1_000_000,
  needs: ['bound'],
  measures: [
    { key: 'growthKb', title: 'growth KB', digits: 0 },
    { key: 'spreadKb', title: 'spread KB', digits: 0 },
  ],
  frames: [],
  bars: [{ type: 'at-most', measure: 'growthKb', limit: 500 }],
  async play(open, items) {
    const line = await open({ handler: async ({ id }) => id, concurrency: 1, buffer: 8, isBounded: true });
    const readings: number[] = [];
    for (let reading = 0; reading < READINGS; reading++) {
      await produce(line, Math.ceil(items / READINGS));
      readings.push((await liveBytes()) / 1_000);
    }
    await line.close?.();
    return {
      items,
      growthKb: readings.at(-1)! - readings[0]!,
      spreadKb: Math.max(...readings) - Math.min(...readings),
    };
  },
};

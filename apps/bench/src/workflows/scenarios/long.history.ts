import type { Scenario } from '../../suite/scenario.js';
import type { OpenAccounts } from '../accounts.js';

const SHORT = 10;
const LONG = 10_000;
/** How many events a decision brings while an instance is made ready. */
const STEP = 100;

/** One instance has a long history and the others a short one; they take turns, so that a busy machine is as busy for both. */
export const longHistory: Scenario<OpenAccounts> = {
  name: 'long-history',
  title: `Decide on ${LONG.toLocaleString('en')} events, and on ${SHORT}`,
  about: `One caller decides on an instance of ${LONG.toLocaleString('en')} events and on others of ${SHORT}, in turns; snapshots as they come, those that fall due are paid for by the long one.`,
  items: 1_000,
  needs: ['history'],
  measures: [
    { key: 'times', title: 'long / short', digits: 2 },
    { key: 'longUs', title: 'long, wall µs/decision', digits: 0 },
    { key: 'shortUs', title: 'short, wall µs/decision', digits: 0 },
  ],
  frames: [],
  bars: [{ type: 'at-most', measure: 'times', limit: 2 }],
  async play(open, items) {
    const accounts = await open();
    const clocked = async (account: string): Promise<number> => {
      const began = performance.now();
      await accounts.pay(account, 1);
      return performance.now() - began;
    };
    for (let events = 0; events < Math.min(LONG, items * SHORT); events += STEP) await accounts.pay('long', STEP);
    for (let n = 0; n < items; n++) await accounts.pay(`short ${n}`, SHORT);
    for (let warm = 0; warm < Math.min(100, items); warm++) await clocked('warm');
    const [long, short] = [{ ms: 0 }, { ms: 0 }];
    for (let n = 0; n < items; n++) {
      long.ms += await clocked('long');
      short.ms += await clocked(`short ${n}`);
    }
    await accounts.close();
    return { items, times: long.ms / short.ms, longUs: (long.ms * 1e3) / items, shortUs: (short.ms * 1e3) / items };
  },
};

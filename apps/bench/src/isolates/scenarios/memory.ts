import { collect } from '../../pass/heap.js';
import { treeRssBytes } from '../../pass/tree.js';
import type { Scenario } from '../../suite/scenario.js';
import { ask } from '../asking.js';
import type { OpenCrew } from '../crew.js';
import { notes } from './small.js';

const CALLERS = 64;
const EACH = 500;

/**
 * What a further isolate weighs. A first crew of one has worked before the scales are read, so that what its peer loads and
 * compiles in the host does not count.
 */
export const memory: Scenario<OpenCrew> = {
  name: 'memory',
  title: 'Memory of an isolate',
  about: `Resident memory of the process tree with so many isolates at work beside a first one, less that with the first one alone, for each; ${EACH} no-ops each.`,
  items: 4,
  needs: ['isolate'],
  measures: [{ key: 'rssMb', title: 'RSS MB/isolate', digits: 1 }],
  frames: [],
  bars: [],
  async play(open, items) {
    const first = await open({ task: 'echo', isolates: 1, isHandingOver: false });
    await ask(first, notes(CALLERS), EACH);
    const before = await weighed();
    const others = await open({ task: 'echo', isolates: items, isHandingOver: false });
    await ask(others, notes(CALLERS), items * EACH);
    const rssMb = ((await weighed()) - before) / items / 1e6;
    await Promise.all([first.close(), others.close()]);
    return { items, rssMb };
  },
};

async function weighed(): Promise<number> {
  await collect();
  return treeRssBytes();
}

/**
 * Messages to worker threads and their answers: what it costs to send work to another core.
 *
 * A peer of this suite opens a crew (`isolates/crew.ts`); a scenario asks that crew.
 */
import { ABOUT } from '../isolates/about.js';
import { largeBytes, largeText, transferredBytes } from '../isolates/scenarios/large.js';
import { firstReply } from '../isolates/scenarios/first-reply.js';
import { memory } from '../isolates/scenarios/memory.js';
import { cpu, noop } from '../isolates/scenarios/small.js';
import { suite } from '../suite/suite.js';
import { peers } from './threads.peers.js';

const frames = ['raw', 'piscina'];
const large = { callers: 64, isolates: 2, frames };

export const threads = suite({
  name: 'threads',
  title: 'In threads',
  about: ABOUT,
  peers,
  sample: ['ours', 'piscina', 'raw'],
  scenarios: [
    noop({ callers: 1, isolates: 1, frames }),
    noop({
      callers: 64,
      isolates: 2,
      frames,
      bars: [
        { type: 'at-most-times', measure: 'cpuUs', peer: 'ours-bare', times: 1.1 },
        { type: 'times-the-rate', measure: 'wallUs', peer: 'piscina', times: 3 },
        { type: 'times-the-rate', measure: 'wallUs', peer: 'raw', times: 0.6 },
      ],
    }),
    cpu({ callers: 64, isolates: 2, frames }),
    largeText(large),
    largeBytes(large),
    transferredBytes(large),
    firstReply({ frames }),
    memory,
  ],
});

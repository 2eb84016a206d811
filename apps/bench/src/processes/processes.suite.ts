/**
 * Messages to child processes and their answers: what it costs to send work to where it cannot harm the application.
 *
 * A peer of this suite opens a crew (`isolates/crew.ts`); a scenario asks that crew. All have one child.
 */
import { ABOUT } from '../isolates/about.js';
import { largeBytes, largeText } from '../isolates/scenarios/large.js';
import { firstReply } from '../isolates/scenarios/first-reply.js';
import { memory } from '../isolates/scenarios/memory.js';
import { cpu, noop } from '../isolates/scenarios/small.js';
import { suite } from '../suite/suite.js';
import { peers } from './processes.peers.js';

const frames = ['socket', 'fork-advanced'];
const isolates = 1;

export const processes = suite({
  name: 'processes',
  title: 'In child processes',
  about: ABOUT,
  peers,
  sample: ['ours', 'ours-v8', 'socket'],
  scenarios: [
    noop({ callers: 1, isolates, frames }),
    noop({
      callers: 64,
      isolates,
      frames,
      bars: [
        { type: 'times-the-rate', measure: 'wallUs', peer: 'socket', times: 0.7 },
        { type: 'times-the-rate', measure: 'wallUs', peer: 'jest-worker', times: 10 },
      ],
    }),
    cpu({ callers: 64, isolates, frames }),
    largeText({
      callers: 64,
      isolates,
      frames,
      bars: [{ type: 'times-the-rate', measure: 'wallUs', peer: 'fork-advanced', times: 1, own: 'ours-v8' }],
    }),
    largeBytes({ callers: 64, isolates, frames }),
    firstReply({ frames }),
    memory,
  ],
});

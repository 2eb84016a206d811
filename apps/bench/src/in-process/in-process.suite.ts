/**
 * Messages inside one process and one thread: what a channel, a worker and the gateway cost by themselves.
 *
 * A peer of this suite opens a line (`line.ts`); a scenario sends jobs down that line. Every handler does nothing, so every
 * nanosecond in the tables is somebody's bookkeeping.
 */
import { suite } from '../suite/suite.js';
import { peers } from './in-process.peers.js';
import { backPressure } from './scenarios/back-pressure.js';
import { command } from './scenarios/command.js';
import { flatMemory } from './scenarios/flat-memory.js';
import { loopDelay } from './scenarios/loop-delay.js';
import { queuedMemory } from './scenarios/queued-memory.js';
import { request } from './scenarios/request.js';

export const inProcess = suite({
  name: 'in-process',
  title: 'In one process',
  peers,
  sample: ['ours', 'fastq', 'p-queue'],
  scenarios: [
    command(1, 'sync'),
    command(1, 'async'),
    command(16, 'sync'),
    command(16, 'async'),
    request(1),
    request(64),
    backPressure(8),
    backPressure(1_024),
    queuedMemory,
    flatMemory,
    loopDelay,
  ],
});

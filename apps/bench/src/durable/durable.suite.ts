/**
 * Messages on a disk: what it costs to put them there and to get them done, with an fsync for every commit.
 *
 * A peer of this suite opens a queue (`queue.ts`) on a PostgreSQL or SQLite of its own; a scenario fills and empties it.
 */
import { suite } from '../suite/suite.js';
import { peers } from './durable.peers.js';
import { drain } from './scenarios/drain.js';
import { enqueue, enqueueBulk } from './scenarios/enqueue.js';
import { latency } from './scenarios/latency.js';

export const durable = suite({
  name: 'durable',
  title: 'On a disk',
  about: `Each case has a database of its own on a server with default settings (fsync on), started for it or named by \`DATABASE_URL\`, or a SQLite
file with \`synchronous\` FULL. CPU is that of the client process; for SQLite that is all there is. Disks differ more than processors: compare
within a table.`,
  peers,
  sample: ['ours', 'ours-sqlite'],
  scenarios: [
    enqueue(1),
    enqueue(16, [{ type: 'times-the-rate', measure: 'wallUs', peer: 'pg-boss', times: 1.5 }]),
    enqueueBulk,
    drain('defaults', [
      { type: 'times-the-rate', measure: 'wallUs', peer: 'graphile-worker', times: 4.5 },
      { type: 'times-the-rate', measure: 'wallUs', peer: 'plainjob', times: 5, own: 'ours-sqlite' },
    ]),
    drain('tuned', [
      { type: 'times-the-rate', measure: 'wallUs', peer: 'graphile-worker', times: 1 },
      { type: 'times-the-rate', measure: 'wallUs', peer: 'pg-boss', times: 1 },
    ]),
    latency,
  ],
});

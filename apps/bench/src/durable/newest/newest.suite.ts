/**
 * The same scenarios as on a disk, beside neighbours whose newest versions need a newer Node than this project does: `npm run bench:newest`
 * installs them, and that Node from npm, and everything here runs on it.
 */
import { named, suite } from '../../suite/suite.js';
import type { Peer } from '../../suite/peer.js';
import type { Scenario } from '../../suite/scenario.js';
import { peers as older } from '../durable.peers.js';
import { openBy } from '../peers/graphile.worker.js';
import type { OpenQueue } from '../queue.js';
import { drain } from '../scenarios/drain.js';
import { enqueue, enqueueBulk } from '../scenarios/enqueue.js';
import { latency } from '../scenarios/latency.js';
import { neighbour, reasonToStayAway } from './neighbours.js';

const reason = reasonToStayAway();

const newest: readonly Peer<OpenQueue>[] = [
  {
    name: 'pg-boss',
    title: 'pg-boss',
    kind: 'peer',
    packages: [],
    remark: '12.35.0, 16 workers; tuned: `batchSize: 1000`, two workers, `burstWhenBatchFull`',
    load: async () => (await import('./pg-boss.js')).open,
  },
  {
    name: 'graphile-worker',
    title: 'graphile-worker',
    kind: 'peer',
    packages: [],
    remark: '0.18.0; tuned: 24 at a time, `localQueue: { size: 500 }`, `completeJobBatchDelay: 0`',
    load: async () => openBy(() => neighbour('graphile-worker')),
  },
  {
    name: 'bullmq',
    title: 'BullMQ, PostgreSQL',
    kind: 'peer',
    packages: [],
    lacks: { tuning: 'it is tuned by its concurrency, and 16 was the best of 8 to 64' },
    remark: '6.7.0 on its PostgreSQL backend; no Redis was within reach',
    load: async () => (await import('./bullmq.js')).open,
  },
];

const everybody = [named(older, 'ours'), named(older, 'ours-sqlite'), ...newest, named(older, 'hand-written')];

/** Who can be measured on this Node: beside the newest neighbours, where they are installed. */
export const atHand: readonly Peer<OpenQueue>[] = reason === undefined ? everybody : older;

/** Nobody plays where the neighbours are not installed: what this suite is for cannot be had then. */
function asFarAsInstalled(peer: Peer<OpenQueue>): Peer<OpenQueue> {
  return reason === undefined ? peer : { ...peer, lacks: { ...peer.lacks, newest: reason } };
}

function besideNewest(scenario: Scenario<OpenQueue>): Scenario<OpenQueue> {
  return { ...scenario, needs: [...scenario.needs, 'newest'] };
}

export const durableNewest = suite({
  name: 'durable-newest',
  title: 'On a disk, beside the newest',
  about: `The newest pg-boss and graphile-worker need Node 22, which this project does not; so everything in this section, ours too, ran on the Node
that its machine line names, from npm: \`npm run bench:newest\` installs all that. Otherwise as above.`,
  peers: everybody.map(asFarAsInstalled),
  scenarios: [
    enqueue(16, [{ type: 'times-the-rate', measure: 'wallUs', peer: 'pg-boss', times: 1.5 }]),
    enqueueBulk,
    drain('defaults', [{ type: 'times-the-rate', measure: 'wallUs', peer: 'graphile-worker', times: 4.5 }]),
    drain('tuned', [
      { type: 'times-the-rate', measure: 'wallUs', peer: 'graphile-worker', times: 1 },
      { type: 'times-the-rate', measure: 'wallUs', peer: 'pg-boss', times: 1 },
    ]),
    latency,
  ].map(besideNewest),
});

import type { Peer } from '../suite/peer.js';
import type { OpenQueue } from './queue.js';

const LATENCY_ONLY = { throughput: 'it differs in nothing but when the workers hear of a job', tuning: 'the same' };
const UNTUNABLE = { tuning: 'it has no setting that makes it faster' };

/** Ours on both stores, the queues that people tune, and the least that hand-written SQL does. */
export const peers: readonly Peer<OpenQueue>[] = [
  {
    name: 'ours',
    title: '**nestjs-workers**, PostgreSQL',
    kind: 'ours',
    packages: ['pg'],
    remark: 'as it comes; tuned: `prefetch: 500`',
    load: async () => (await import('./peers/ours.js')).onPostgres,
  },
  {
    name: 'ours-sqlite',
    title: '**nestjs-workers**, SQLite',
    kind: 'ours',
    packages: ['libsql'],
    remark: 'synchronous FULL; tuned: `prefetch: 500`',
    load: async () => (await import('./peers/ours.js')).onSqlite,
  },
  {
    name: 'ours-unseen',
    title: '**nestjs-workers**, commit not seen',
    kind: 'ours',
    packages: ['kysely'],
    lacks: LATENCY_ONLY,
    remark: 'each job in a transaction of Kysely, whose commit cannot be seen; workers in the same process',
    load: async () => (await import('./peers/ours.unseen.js')).here,
  },
  {
    name: 'ours-elsewhere',
    title: '**nestjs-workers**, not seen, elsewhere',
    kind: 'ours',
    packages: ['kysely'],
    lacks: LATENCY_ONLY,
    remark: 'the same, and the workers are those of another host, which nobody tells: `pollInterval` as it comes',
    load: async () => (await import('./peers/ours.unseen.js')).elsewhere,
  },
  {
    name: 'pg-boss',
    title: 'pg-boss',
    kind: 'peer',
    packages: ['pg-boss'],
    remark: 'the newest version for Node 20; 16 workers; tuned: `batchSize: 1000`, two workers, polled every 0.5 s',
    load: async () => (await import('./peers/pg-boss.js')).open,
  },
  {
    name: 'graphile-worker',
    title: 'graphile-worker',
    kind: 'peer',
    packages: ['graphile-worker'],
    remark:
      'the newest version for Node 20; tuned: 24 at a time, `localQueue: { size: 500 }`, `completeJobBatchDelay: 0`',
    load: async () => (await import('./peers/graphile.worker.js')).open,
  },
  {
    name: 'plainjob',
    title: 'plainjob, SQLite',
    kind: 'peer',
    packages: ['plainjob'],
    lacks: UNTUNABLE,
    remark: 'the same driver and synchronous FULL; 16 workers',
    load: async () => (await import('./peers/plainjob.js')).open,
  },
  {
    name: 'hand-written',
    title: 'hand-written SQL',
    kind: 'frame',
    packages: ['pg'],
    remark: 'SKIP LOCKED and one DELETE for a batch; no lease, no retry, nobody notices when it dies',
    load: async () => (await import('./peers/hand.written.js')).open,
  },
];

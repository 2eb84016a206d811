import type { OpenCrew } from '../isolates/crew.js';
import type { Peer } from '../suite/peer.js';

const ONE_QUESTION = 'it is there to be compared with nestjs-workers in what a message, a start and an isolate cost';

/** Who takes part, in the order of the tables. */
export const peers: readonly Peer<OpenCrew>[] = [
  {
    name: 'ours',
    title: 'nestjs-workers',
    kind: 'ours',
    packages: ['@nestjs-workers/core', '@nestjs/core'],
    remark:
      'requests through the gateway to a worker with `inThread`, its provider injected in a warm Nest context there; nothing is switched off',
    load: async () => (await import('../isolates/ours/ours.crew.js')).inThreads,
  },
  {
    name: 'ours-bare',
    title: 'nestjs-workers, no context',
    kind: 'ours',
    packages: ['@nestjs-workers/core', '@nestjs/core'],
    lacks: { compute: ONE_QUESTION, large: ONE_QUESTION },
    remark: 'the same without `context` and with nothing injected',
    load: async () => (await import('../isolates/ours/ours.crew.js')).inBareThreads,
  },
  {
    name: 'piscina',
    title: 'piscina',
    kind: 'peer',
    packages: ['piscina'],
    remark: 'as it comes: one task per thread at a time, and the event loop of an idle thread stands still',
    load: async () => (await import('./peers/piscina.js')).piscinaWith({}),
  },
  {
    name: 'piscina-async',
    title: 'piscina, async atomics',
    kind: 'peer',
    packages: ['piscina'],
    remark: "`atomics: 'async'` and 8 tasks per thread at a time",
    load: async () =>
      (await import('./peers/piscina.js')).piscinaWith({ atomics: 'async', concurrentTasksPerWorker: 8 }),
  },
  {
    name: 'tinypool',
    title: 'tinypool',
    kind: 'peer',
    packages: ['tinypool'],
    remark: 'as it comes: one task per thread at a time',
    load: async () => (await import('../isolates/tinypool.js')).tinypoolOf('worker_threads'),
  },
  {
    name: 'poolifier',
    title: 'poolifier',
    kind: 'peer',
    packages: ['poolifier'],
    remark: '`FixedThreadPool` as it comes: tasks are posted to the threads at once and wait there',
    load: async () => (await import('./peers/poolifier.js')).open,
  },
  {
    name: 'workerpool',
    title: 'workerpool',
    kind: 'peer',
    packages: ['workerpool'],
    remark: 'as it comes: one task per thread at a time',
    load: async () => (await import('../isolates/workerpool.js')).workerpoolOf('thread'),
  },
  {
    name: 'raw',
    title: 'raw postMessage',
    kind: 'frame',
    packages: [],
    remark: 'numbered messages to the threads in turn and a Map of who waits; no errors, no limits, no end',
    load: async () => (await import('./peers/raw.js')).open,
  },
];

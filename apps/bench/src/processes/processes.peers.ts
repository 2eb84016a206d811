import type { OpenCrew } from '../isolates/crew.js';
import type { Peer } from '../suite/peer.js';

const JSON_ONLY = { bytes: 'JSON, which has no bytes' };
const ALL_THE_SAME = 'the serializer makes no difference to it';

/** Who takes part, in the order of the tables. */
export const peers: readonly Peer<OpenCrew>[] = [
  {
    name: 'ours',
    title: 'nestjs-workers',
    kind: 'ours',
    packages: ['@nestjs-workers/core', '@nestjs/core'],
    remark:
      'requests through the gateway to a worker with `inProcess`, its provider injected in a warm Nest context there; nothing is switched off; JSON, the default',
    load: async () => (await import('../isolates/ours/ours.crew.js')).inProcesses,
  },
  {
    name: 'ours-v8',
    title: 'nestjs-workers, v8',
    kind: 'ours',
    packages: ['@nestjs-workers/core', '@nestjs/core'],
    lacks: { compute: ALL_THE_SAME, isolate: ALL_THE_SAME },
    remark: 'the same with `v8Serializer()`',
    load: async () => (await import('../isolates/ours/ours.crew.js')).inProcessesByV8,
  },
  {
    name: 'fork-json',
    title: 'fork, JSON',
    kind: 'frame',
    packages: [],
    lacks: JSON_ONLY,
    remark:
      "numbered messages over `child_process.fork`'s channel and a Map of who waits; no errors, no limits, no end",
    load: async () => (await import('./peers/fork.js')).forkWith('json'),
  },
  {
    name: 'fork-advanced',
    title: 'fork, advanced',
    kind: 'frame',
    packages: [],
    remark: "the same with `serialization: 'advanced'`",
    load: async () => (await import('./peers/fork.js')).forkWith('advanced'),
  },
  {
    name: 'jest-worker',
    title: 'jest-worker',
    kind: 'peer',
    packages: ['jest-worker'],
    remark: 'as it comes: one task per process at a time, advanced serialization',
    load: async () => (await import('./peers/jest-worker.js')).open,
  },
  {
    name: 'workerpool',
    title: 'workerpool',
    kind: 'peer',
    packages: ['workerpool'],
    lacks: JSON_ONLY,
    remark: 'as it comes: one task per process at a time, JSON',
    load: async () => (await import('../isolates/workerpool.js')).workerpoolOf('process'),
  },
  {
    name: 'tinypool',
    title: 'tinypool',
    kind: 'peer',
    packages: ['tinypool'],
    lacks: JSON_ONLY,
    remark: 'as it comes: one task per process at a time, JSON',
    load: async () => (await import('../isolates/tinypool.js')).tinypoolOf('child_process'),
  },
  {
    name: 'socket',
    title: 'raw socket, lines of JSON',
    kind: 'frame',
    packages: [],
    lacks: JSON_ONLY,
    remark: 'numbered lines over a named socket and a Map of who waits; no errors, no limits, no end',
    load: async () => (await import('./peers/socket.js')).open,
  },
];

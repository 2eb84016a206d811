import type { Peer } from '../suite/peer.js';
import type { OpenLine } from './line.js';

const UNBOUNDED = 'no bound, and nothing to wait on';
const RECURSES = 'an answer in the same turn starts the next job from within, and a backlog overflows the stack';
const NO_QUEUE = 'no queue: the handler runs in the caller';

/** Who takes part, in the order of the tables. */
export const peers: readonly Peer<OpenLine>[] = [
  {
    name: 'ours',
    title: 'nestjs-workers',
    kind: 'ours',
    packages: ['@nestjs-workers/core', '@nestjs/core'],
    remark: 'a Nest application with a channel, a worker class and the gateway; nothing is switched off',
    load: async () => (await import('./peers/ours.js')).open,
  },
  {
    name: 'fastq',
    title: 'fastq (callback)',
    kind: 'peer',
    packages: ['fastq'],
    lacks: { 'sync backlog': RECURSES },
    remark: 'a bound is added by counting what is inside, which is cheaper than its `length()`',
    load: async () => (await import('./peers/fastq.js')).open,
  },
  {
    name: 'fastq.promise',
    title: 'fastq.promise',
    kind: 'peer',
    packages: ['fastq'],
    remark: 'bound as for fastq',
    load: async () => (await import('./peers/fastq.promise.js')).open,
  },
  {
    name: 'async.queue',
    title: 'async.queue',
    kind: 'peer',
    packages: ['async'],
    remark: 'bound as for fastq',
    load: async () => (await import('./peers/async.queue.js')).open,
  },
  {
    name: 'p-queue',
    title: 'p-queue',
    kind: 'peer',
    packages: ['p-queue'],
    remark: 'bound by its own `onSizeLessThan`',
    load: async () => (await import('./peers/p-queue.js')).open,
  },
  {
    name: 'p-limit',
    title: 'p-limit',
    kind: 'peer',
    packages: ['p-limit'],
    remark: 'bound as for fastq',
    load: async () => (await import('./peers/p-limit.js')).open,
  },
  {
    name: 'rxjs',
    title: 'RxJS mergeMap',
    kind: 'peer',
    packages: ['rxjs'],
    lacks: { bound: UNBOUNDED, 'sync backlog': RECURSES },
    mostItems: 50_000,
    remark: 'a Subject before `mergeMap`; its cost per item grows with the backlog, so it is given 50,000 items',
    load: async () => (await import('./peers/rxjs.js')).open,
  },
  {
    name: 'effect',
    title: 'effect Queue',
    kind: 'peer',
    packages: ['effect'],
    remark: 'a bounded queue and one fibre per handler; the producer enters an effect only when it must wait',
    load: async () => (await import('./peers/effect.js')).open,
  },
  {
    name: 'cqrs',
    title: '@nestjs/cqrs CommandBus',
    kind: 'peer',
    packages: ['@nestjs/cqrs', '@nestjs/core'],
    lacks: { bound: UNBOUNDED, backlog: NO_QUEUE, concurrency: NO_QUEUE },
    remark: 'runs in its caller, without queue or limit',
    load: async () => (await import('./peers/cqrs.js')).open,
  },
  {
    name: 'promise-chain',
    title: 'bare promise chain',
    kind: 'frame',
    packages: [],
    lacks: { bound: UNBOUNDED },
    remark: 'as many chains of `then` as there may be handlers; a request is one `then`',
    load: async () => (await import('./peers/promise-chain.js')).open,
  },
  {
    name: 'direct-call',
    title: 'direct call',
    kind: 'frame',
    packages: [],
    lacks: { bound: UNBOUNDED, backlog: NO_QUEUE, concurrency: NO_QUEUE },
    remark: 'the least that any of this can cost',
    load: async () => (await import('./peers/direct-call.js')).open,
  },
];

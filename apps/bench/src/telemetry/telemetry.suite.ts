/**
 * What being watched costs: the same line as in one process, with nobody watching and with traces and metrics on.
 */
import type { Bar } from '../suite/bar.js';
import type { Peer } from '../suite/peer.js';
import { suite } from '../suite/suite.js';
import type { OpenLine } from '../in-process/line.js';
import { command } from '../in-process/scenarios/command.js';
import { request } from '../in-process/scenarios/request.js';
import { SETTLED } from '../pass/pass.js';

const packages = ['@nestjs-workers/core', '@opentelemetry/api', '@opentelemetry/sdk-trace-base'];

const peers: readonly Peer<OpenLine>[] = [
  {
    name: 'ours',
    title: 'nobody watches',
    kind: 'ours',
    packages: ['@nestjs-workers/core'],
    load: async () => (await import('../in-process/peers/ours.js')).open,
  },
  {
    name: 'mounted',
    title: 'nobody watches, the dashboard is mounted',
    kind: 'ours',
    packages: ['@nestjs-workers/core', '@nestjs-workers/dashboard'],
    remark: 'with its admin API; nobody looks, and nobody has subscribed to anything',
    load: async () => (await import('./mounted.js')).open,
  },
  {
    name: 'sdk',
    title: 'nobody watches, beside an SDK in use',
    kind: 'ours',
    packages,
    remark: 'its requests have been traced, as by any instrumentation; the messages are not',
    load: async () => (await import('./observed.js')).openBesideSdk,
  },
  {
    name: 'observed',
    title: 'metrics, and 0.1 % of traces by roots',
    kind: 'ours',
    packages,
    remark:
      '`roots: 0.001`: whether a message begins a trace is decided before anything is built; here that is a thousand a second, more than back ends take',
    load: async () => (await import('./observed.js')).openObserved('first', 0.001),
  },
  {
    name: 'observed-less',
    title: 'metrics, and 0.01 % of traces by roots',
    kind: 'ours',
    packages,
    remark:
      '`roots: 0.0001`, a hundred a second: what remains is what being watched costs a message that is not traced',
    load: async () => (await import('./observed.js')).openObserved('first', 0.000_1),
  },
  {
    name: 'sampler',
    title: 'metrics, and 0.1 % of traces by the sampler',
    kind: 'ours',
    packages,
    remark: '`roots: 1`: the sampler of the SDK is asked for every message',
    load: async () => (await import('./observed.js')).openObserved('sampler', 0.001),
  },
];

/** Of an application without any SDK, and of one beside the same SDK: what that costs before anything of ours is on (decision 0029). */
const watched = ['observed', 'observed-less'].flatMap((own) =>
  ['ours', 'sdk'].map((peer): Bar => ({ type: 'times-the-rate', measure: 'cpuNs', peer, own, times: 0.7 })),
);

const bars: readonly Bar[] = [
  { type: 'at-most-times', measure: 'cpuNs', peer: 'ours', own: 'mounted', times: 1.05 },
  ...watched,
];

export const telemetry = suite({
  name: 'telemetry',
  title: 'Watched',
  about:
    'Spans go to an exporter that forgets them; metrics are collected every second. Three passes of a million warm up, and the middle one of five counts: what makes spans is compiled late, because seldom.',
  peers,
  sample: ['ours', 'observed'],
  scenarios: [
    { ...command(16, 'async', SETTLED), name: 'watched-command-16-async', frames: ['ours', 'sdk'], bars },
    { ...request(64, SETTLED), name: 'watched-request-64', frames: ['ours', 'sdk'], bars },
  ],
});

/**
 * One process that works on a queue and may be killed: a job takes 5 ms, and each start and each end is written to a log at once, so that the
 * log survives the process.
 */
import { openSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { named } from '../suite/suite.js';
import { atHand } from '../durable/newest/newest.suite.js';
import { fill } from '../durable/scenarios/drain.js';
import type { Errand } from './errand.js';

const WORK_MS = 5;
const CONCURRENCY = 16;

const { peer, jobs, log, isFilling } = JSON.parse(process.argv[2]!) as Errand;
const open = await named(atHand, peer).load();
const queue = await open('defaults');
if (isFilling) await fill(queue, jobs);
const file = openSync(log, 'a');
const write = (what: 'start' | 'end', id: number): void => {
  writeSync(file, `${what} ${id} ${Date.now()}\n`);
};
await queue.work(async ({ id }) => {
  write('start', id);
  await sleep(WORK_MS);
  write('end', id);
}, CONCURRENCY);

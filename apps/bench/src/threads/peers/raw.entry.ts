import { parentPort, workerData } from 'node:worker_threads';
import type { Reply, Request } from '../../isolates/pending.js';
import { echo, measure, spin, type TaskName } from '../../isolates/tasks.js';

const task = { echo, spin, measure }[workerData as TaskName];
parentPort!.on('message', ({ id, payload }: Request) =>
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port is no window
  parentPort!.postMessage({ id, answer: task(payload) } satisfies Reply),
);

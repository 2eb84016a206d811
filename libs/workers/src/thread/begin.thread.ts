import { type MessagePort, workerData } from 'node:worker_threads';
import { live } from '../isolate/inside/live.js';
import { becomeIsolate } from '../isolate/role.js';
import type { ThreadData } from './ledger.js';
import { ThreadLink } from './thread.link.js';

/** Makes this thread an isolate; `port` leads to its host. */
export function beginThread(port: MessagePort): void {
  becomeIsolate();
  live(new ThreadLink(port, workerData as ThreadData));
}

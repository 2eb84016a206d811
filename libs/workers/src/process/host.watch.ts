import { Worker } from 'node:worker_threads';

/** How often it is looked whether the host lives. */
const LOOK_MS = 400;
/** What the process gets, from when its host is gone, to close what it has; a blocked one cannot, and is killed. */
const ORPHAN_MS = 1_200;

/**
 * Ends this process when its host does, however the host ends and whatever this process is doing: a thread of its own looks, because a
 * handler may block the main one. Where the host is not the parent (a wrapper is between), it is looked up by its number.
 */
export function dieWithHost(hostPid: number): void {
  const watch = new Worker(WATCH, {
    eval: true,
    name: 'nestjs-workers:host-watch',
    workerData: { hostPid, isParent: process.ppid === hostPid, lookMs: LOOK_MS, orphanMs: ORPHAN_MS },
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 },
    stdout: true,
    stderr: true,
    execArgv: [],
    env: {},
  });
  watch.on('error', () => {});
  watch.unref();
}

/** Plain CommonJS, given as text so that no loader of the application has to be loaded into it. */
const WATCH = `
const { workerData: { hostPid, isParent, lookMs, orphanMs } } = require('node:worker_threads');
const lives = () => {
  if (isParent) return process.ppid === hostPid;
  try { process.kill(hostPid, 0); return true; } catch (error) { return error.code === 'EPERM'; }
};
const look = setInterval(() => {
  if (lives()) return;
  clearInterval(look);
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), orphanMs);
}, lookMs);
`;

import { Cell, ThreadTask } from './heartbeat.js';
import { WATCHDOG_FILE } from './stack.js';

/**
 * What the watchdog's thread runs: it looks at the main thread whenever a heartbeat is late.
 *
 * It is text on purpose. A thread needs JavaScript of its own; a file beside this one is lost in a bundle and is TypeScript when
 * the library runs from its sources, and a function's `toString()` is whatever the transpiler and the coverage tool made of it. Text
 * is left alone by all of them.
 *
 * To look, it asks the main thread through the inspector to evaluate one expression. Node serves that between two instructions of
 * whatever JavaScript is running there, so the expression sees the stack and the asynchronous context of the code that holds the
 * event loop. Nothing is paused: no debugger is switched on, there is nothing to resume, and a watchdog that dies leaves nothing
 * behind. One session per look, because a process that ends with one open says "Waiting for the debugger to disconnect"; for the
 * same reason a process that ends waits for the look under way.
 *
 * Promises: no CPU while asleep, one wake-up per beat while watching. Does not promise: to look into a single native call
 * (JSON.parse, execSync); Node serves the request when JavaScript runs again.
 */
export const WATCHDOG_SCRIPT = `'use strict';
const { Session } = require('node:inspector');
const { workerData } = require('node:worker_threads');
const { cells, key, epochMs } = workerData;

const nowMs = () => Number(process.hrtime.bigint()) / 1e6 - epochMs;
const cell = (index) => Atomics.load(cells, index);

async function watch() {
  for (;;) {
    const task = cell(${Cell.task});
    if (task === ${ThreadTask.end}) return;
    if (task === ${ThreadTask.sleep}) {
      Atomics.wait(cells, ${Cell.task}, task);
      continue;
    }
    // Integers that wrap around after 24 days: only their difference means something.
    const leftMs = (cell(${Cell.beatAtMs}) + cell(${Cell.lateAfterMs}) - Math.trunc(nowMs())) | 0;
    if (leftMs <= 0) await look();
    Atomics.wait(cells, ${Cell.task}, task, leftMs > 0 ? leftMs : cell(${Cell.lookEveryMs}));
  }
}

async function look() {
  Atomics.store(cells, ${Cell.isLooking}, 1);
  // Asked again: the main thread says first that it ends, and then waits for a look under way.
  if (cell(${Cell.task}) !== ${ThreadTask.end}) await evaluate();
  Atomics.store(cells, ${Cell.isLooking}, 0);
  Atomics.notify(cells, ${Cell.isLooking});
}

async function evaluate() {
  const session = new Session();
  session.connectToMainThread();
  const expression = 'globalThis[Symbol.for(' + JSON.stringify(key) + ')]?.(' + nowMs() + ') //# sourceURL=${WATCHDOG_FILE}';
  await new Promise((looked) => session.post('Runtime.evaluate', { expression, silent: true }, looked));
  session.disconnect();
}

// A pending promise alone keeps no thread alive.
const alive = setInterval(() => {}, 2 ** 30);
watch().finally(() => clearInterval(alive));
`;

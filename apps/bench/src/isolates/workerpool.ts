import { fileURLToPath } from 'node:url';
import workerpool from 'workerpool';
import { handedOver, type OpenCrew } from './crew.js';

const SCRIPT = fileURLToPath(new URL('./workerpool.entry.js', import.meta.url));

/** Threads and processes differ by an option. */
export function workerpoolOf(workerType: 'thread' | 'process'): OpenCrew {
  return async ({ task, isolates, isHandingOver }) => {
    const pool = workerpool.pool(SCRIPT, { workerType, minWorkers: isolates, maxWorkers: isolates });
    return {
      request: (payload) =>
        isHandingOver
          ? pool.exec(task, [payload], { transfer: handedOver(payload) })
          : (pool.exec(task, [payload]) as PromiseLike<unknown>),
      close: () => pool.terminate(true) as PromiseLike<unknown>,
    };
  };
}

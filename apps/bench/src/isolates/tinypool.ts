import { Tinypool } from 'tinypool';
import { handedOver, type OpenCrew } from './crew.js';

const TASKS = new URL('./tasks.js', import.meta.url).href;

/** Threads and processes differ by an option. */
export function tinypoolOf(runtime: 'worker_threads' | 'child_process'): OpenCrew {
  return async ({ task, isolates, isHandingOver }) => {
    const pool = new Tinypool({ filename: TASKS, name: task, runtime, minThreads: isolates, maxThreads: isolates });
    return {
      request: isHandingOver
        ? (payload) => pool.run(payload, { transferList: handedOver(payload) })
        : (payload) => pool.run(payload),
      close: () => pool.destroy(),
    };
  };
}

import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { handedOver, type OpenCrew } from '../../isolates/crew.js';

const TASKS = fileURLToPath(new URL('../../isolates/tasks.js', import.meta.url));

type Settings = Pick<ConstructorParameters<typeof Piscina>[0] & object, 'atomics' | 'concurrentTasksPerWorker'>;

export function piscinaWith(settings: Settings): OpenCrew {
  return async ({ task, isolates, isHandingOver }) => {
    const pool = new Piscina({ filename: TASKS, name: task, minThreads: isolates, maxThreads: isolates, ...settings });
    return {
      request: isHandingOver
        ? (payload) => pool.run(payload, { transferList: handedOver(payload) })
        : (payload) => pool.run(payload) as Promise<unknown>,
      close: () => pool.destroy(),
    };
  };
}

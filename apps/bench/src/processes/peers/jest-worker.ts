import { fileURLToPath } from 'node:url';
import { type JestWorkerFarm, Worker } from 'jest-worker';
import type { OpenCrew } from '../../isolates/crew.js';
import type { TaskName } from '../../isolates/tasks.js';

const TASKS = fileURLToPath(new URL('../../isolates/tasks.js', import.meta.url));

type Farm = JestWorkerFarm<Record<TaskName, (payload: unknown) => unknown>>;

export const open: OpenCrew = async ({ task, isolates }) => {
  const farm = new Worker(TASKS, { numWorkers: isolates, exposedMethods: [task] }) as Farm;
  return { request: (payload) => farm[task](payload), close: () => farm.end() };
};

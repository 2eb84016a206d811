import { fileURLToPath } from 'node:url';
import { FixedThreadPool } from 'poolifier';
import { handedOver, type OpenCrew } from '../../isolates/crew.js';

const WORKER = fileURLToPath(new URL('./poolifier.entry.js', import.meta.url));

export const open: OpenCrew = async ({ task, isolates, isHandingOver }) => {
  const pool = new FixedThreadPool<unknown, unknown>(isolates, WORKER);
  return {
    request: isHandingOver
      ? (payload) => pool.execute(payload, task, undefined, handedOver(payload))
      : (payload) => pool.execute(payload, task),
    // A thread that ends before its last word is read leaves `destroy` waiting for ever.
    close: async () => void pool.destroy(),
  };
};

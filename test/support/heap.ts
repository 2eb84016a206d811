import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
/** Frees what is dead. */
export const collect = runInNewContext('gc') as () => void;

/** How many bytes are alive, after everything that is dead was collected. */
export async function bytesAlive(): Promise<number> {
  // What died in this turn of the event loop may still be held by it.
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  return process.memoryUsage().heapUsed;
}

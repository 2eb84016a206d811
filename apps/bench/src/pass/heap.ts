/** The heap after a full collection. Needs `--expose-gc`, which every case process is started with. */
import { setImmediate as turn } from 'node:timers/promises';

/** Collects twice with a turn of the event loop between: finalizers of the first round free what the second takes. */
export async function collect(): Promise<void> {
  if (!globalThis.gc) throw new Error('The heap can only be measured with --expose-gc.');
  globalThis.gc();
  await turn();
  globalThis.gc();
}

/** Bytes alive, on the heap and in the buffers that it owns. */
export async function liveBytes(): Promise<number> {
  await collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

import { Worker } from 'node:worker_threads';
import { handedOver, type OpenCrew } from '../../isolates/crew.js';
import { inTurn, Pending, type Reply, type Request } from '../../isolates/pending.js';

/** Messages with a number, to the threads in turn; as many under way as there are callers. No error ever comes back. */
export const open: OpenCrew = async ({ task, isolates, isHandingOver }) => {
  const pending = new Pending();
  const threads = Array.from(
    { length: isolates },
    () => new Worker(new URL('./raw.entry.js', import.meta.url), { workerData: task }),
  );
  for (const thread of threads) thread.on('message', (reply: Reply) => pending.settle(reply));
  const next = inTurn(threads);
  return {
    request: (payload) =>
      pending.ask((id) =>
        next().postMessage({ id, payload } satisfies Request, isHandingOver ? handedOver(payload) : []),
      ),
    close: () => Promise.all(threads.map((thread) => thread.terminate())),
  };
};

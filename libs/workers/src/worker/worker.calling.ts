import type { Calling, Handle } from './nest.handler.js';
import type { WorkerHandler } from './worker.js';

/** How a worker class is called. */
export const WORKER_CALLING: Calling = {
  method: 'handle',
  args: ({ payload }, context) => [payload, context],
  straight: (instance): Handle => {
    const worker = instance as WorkerHandler;
    return ({ payload }, context) => worker.handle(payload, context);
  },
};

import 'reflect-metadata';
import { parentPort } from 'node:worker_threads';
import type { HandlerType } from './dispatch/elsewhere.js';
import { register } from './isolate/address.js';
import { beginProcess, meetingPlace } from './process/begin.process.js';
import { beginThread } from './thread/begin.thread.js';

/**
 * Begins an isolate in a file of your own, with the handler classes it may be asked for: for bundles, where no file is left to look into.
 * It is published as `@nestjs-workers/core/isolate`.
 *
 * It is the last line of a file that `inThread({ spawn })` or `inProcess({ entry })` names, and that imports nothing but handlers.
 *
 * @example
 * // images.isolate.ts
 * isolate(ResizeWorker);
 *
 * // resize.worker.ts
 * inThread({ spawn: (options) => new Worker(new URL('./images.isolate.js', import.meta.url), options) })
 */
export function isolate(...handlers: readonly HandlerType[]): void {
  for (const handler of handlers) register(handler);
  const place = meetingPlace();
  if (parentPort !== null) beginThread(parentPort);
  else if (place !== undefined) void beginProcess(place);
  else
    throw new Error(
      'isolate(...) was called where no isolate begins. Call it in a file of its own, and have it started by inThread({ spawn }) or ' +
        'inProcess({ entry }).',
    );
}

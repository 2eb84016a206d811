import type { Provider, Type } from '@nestjs/common';
import type { HandlerType } from './dispatch/elsewhere.js';
import { TICKER_METADATA, type TickerRecord } from './ticker/ticker.js';
import { IsolatedHandler, runsElsewhere } from './worker/isolated.handler.js';
import { WORKER_METADATA, type WorkerRecord } from './worker/worker.js';

/**
 * The providers of worker and ticker classes, wherever they run: one that runs here is provided as it is; of one that runs in a thread or a
 * process nothing is made here, nor are its dependencies needed.
 *
 * Moving a handler changes its `dispatch` and nothing else.
 *
 * @example
 * @Module({ providers: [...provideWorkers(ResizeWorker, Clock)] })
 */
export function provideWorkers(...handlers: readonly HandlerType[]): Provider[] {
  return handlers.map((handler) => {
    const record = (Reflect.getOwnMetadata(WORKER_METADATA, handler) ??
      Reflect.getOwnMetadata(TICKER_METADATA, handler)) as WorkerRecord | TickerRecord | undefined;
    return runsElsewhere(record?.options)
      ? { provide: handler, useValue: new IsolatedHandler(handler) }
      : (handler as Type);
  });
}

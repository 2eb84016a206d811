import { AsyncLocalStorage } from 'node:async_hooks';

/** Which run the code at hand belongs to. */
export interface Inside {
  /** The application the run belongs to; two applications in one process do not take each other's handlers for their own. */
  readonly house: object;
  readonly runId: number;
  readonly worker: string;
  readonly messageId: string;
}

/**
 * Tells code that runs inside a handler, also after an `await`, in a timer it set or in a service it called.
 *
 * It costs what asynchronous context costs, so only handlers that need it run inside: those that can send (a running handler may
 * still send while the application drains, an outsider may not) and, in development, all of them, for the guard.
 */
export const inside = new AsyncLocalStorage<Inside>();

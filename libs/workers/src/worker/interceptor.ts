import type { PutResult } from '../channel/waiting.room.js';
import type { Headers, Message } from '../message/message.js';
import type { WorkerContext } from './worker.context.js';

/** A message on its way in, before it has an envelope. */
export interface Outgoing<T = unknown> {
  readonly worker: string;
  readonly channel: string;
  readonly payload: T;
  readonly headers: Headers;
}

/**
 * Stands around a message, where it is put and where it is handled; either side may be left out.
 *
 * Given as `use: [...]` to the module (every worker) and to a worker (after the module's); the first stands outermost. A class is
 * taken from the application's providers, or made with its dependencies injected when it is no provider.
 */
export interface WorkerInterceptor {
  /**
   * Around putting. Call `next`, with a changed `Outgoing` if you like; throw to refuse. What is answered without calling `next` is told
   * to a command's sender; the message is counted as a drop (`input-drop`), and a request is rejected with `MessageDroppedError`.
   */
  put?(outgoing: Outgoing, next: (outgoing: Outgoing) => Promise<PutResult>): Promise<PutResult>;
  /** Around the handler, inside its timeout. What it returns is the handler's value. */
  handle?(message: Message, context: WorkerContext, next: () => Promise<unknown>): Promise<unknown>;
}

/** A class to take from the container, or an interceptor itself. */
export type InterceptorToken = WorkerInterceptor | (new (...args: never[]) => WorkerInterceptor);

/** One function that puts through all `interceptors`; undefined when none of them looks at puts. */
export function putChain(
  interceptors: readonly WorkerInterceptor[],
): ((outgoing: Outgoing, put: (outgoing: Outgoing) => Promise<PutResult>) => Promise<PutResult>) | undefined {
  const chain = interceptors.filter((one) => one.put !== undefined);
  if (chain.length === 0) return undefined;
  return (outgoing, put) =>
    chain.reduceRight<(outgoing: Outgoing) => Promise<PutResult>>(
      (next, one) => async (changed) => (one.put as NonNullable<typeof one.put>)(changed, next),
      put,
    )(outgoing);
}

/** Wraps `handle` in all `interceptors`; `handle` itself when none of them looks at handling. */
export function handleChain<C extends WorkerContext>(
  interceptors: readonly WorkerInterceptor[],
  handle: (message: Message, context: C) => unknown,
): (message: Message, context: C) => unknown {
  const chain = interceptors.filter((one) => one.handle !== undefined);
  if (chain.length === 0) return handle;
  return (message, context) =>
    chain.reduceRight<() => Promise<unknown>>(
      (next, one) => async () => (one.handle as NonNullable<typeof one.handle>)(message, context, next),
      async () => handle(message, context),
    )();
}

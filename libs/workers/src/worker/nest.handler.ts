import { ContextIdFactory, type ExternalContextCreator, REQUEST } from '@nestjs/core';
import type { Message } from '../message/message.js';
import type { WorkerContext } from './worker.context.js';
import type { FoundClass } from './worker.discovery.js';

/** Injects the message into a request-scoped handler and its providers; Nest's `REQUEST`. */
export const MESSAGE_REF = REQUEST;

/** Calls a handler class for one message. */
export type Handle = (message: Message, context: WorkerContext) => unknown;

/** What the context type of an enhancer's `ExecutionContext` is: `context.getType() === 'worker'`. */
export type WorkerContextType = 'worker';

/** How a class is called: which method, with which arguments. */
export interface Calling {
  readonly method: string;
  readonly args: (message: Message, context: WorkerContext) => unknown[];
  /** The same without an array of arguments, for the hot path. */
  readonly straight: (instance: object) => Handle;
}

type Methods = Record<string, (...args: unknown[]) => unknown>;

const PARAMS_METADATA = 'nestjs-workers:params';
const ENHANCER_KEYS = ['__guards__', '__interceptors__', '__pipes__', '__exceptionFilters__'];

/**
 * How Nest sees a handler: one instance for the application or a fresh one for each message, with guards, pipes, interceptors and
 * filters around it where the class or the method carries any. A handler without them is called straight.
 */
export function nestHandler(found: FoundClass, calling: Calling, creator: ExternalContextCreator): Handle {
  if (found.scope === 'per-message') return perMessage(found, calling, creator);
  const instance = found.instance() as Methods;
  if (isEnhanced(found, calling)) {
    const enhanced = enhance(instance, found, calling, creator);
    return (message, context) => enhanced(...calling.args(message, context));
  }
  return calling.straight(instance);
}

function perMessage(found: FoundClass, calling: Calling, creator: ExternalContextCreator): Handle {
  return async (message, context) => {
    const contextId = ContextIdFactory.getByRequest(message);
    found.moduleRef.registerRequestByContextId(message, contextId);
    const instance = await found.moduleRef.resolve<Methods>(found.token as never, contextId, { strict: true });
    const args = calling.args(message, context);
    if (!isEnhanced(found, calling)) return instance[calling.method]?.(...args);
    return enhance(instance, found, calling, creator, contextId)(...args);
  };
}

function isEnhanced({ target }: FoundClass, { method }: Calling): boolean {
  const callback = (target.prototype as Methods)[method];
  return ENHANCER_KEYS.some(
    (key) => Reflect.hasMetadata(key, target) || (callback !== undefined && Reflect.hasMetadata(key, callback)),
  );
}

function enhance(
  instance: Methods,
  { target }: FoundClass,
  { method }: Calling,
  creator: ExternalContextCreator,
  contextId?: ReturnType<typeof ContextIdFactory.create>,
): (...args: unknown[]) => Promise<unknown> {
  if (!Reflect.hasMetadata(PARAMS_METADATA, target, method)) {
    // Pipes see the payload only: one parameter, at index 0. The context follows by itself.
    Reflect.defineMetadata(
      PARAMS_METADATA,
      { '0:0': { index: 0, data: undefined, pipes: [] }, '1:1': { index: 1, data: 'context', pipes: [] } },
      target,
      method,
    );
  }
  return creator.create(
    instance,
    instance[method] as (...args: unknown[]) => unknown,
    method,
    PARAMS_METADATA,
    { exchangeKeyForValue: (type: number, _data: unknown, args: unknown[]): unknown => args[type] },
    contextId,
    undefined,
    { guards: true, interceptors: true, filters: true },
    'worker' satisfies WorkerContextType as never,
  );
}

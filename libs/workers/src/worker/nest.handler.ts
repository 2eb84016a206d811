import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { ApplicationConfig, ContextIdFactory, ExternalContextCreator, REQUEST } from '@nestjs/core';
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

/** Calls a handler that is entered later than its run began; `context` is that of its message. */
export type Enter = (context: WorkerContext, call: () => unknown) => unknown;

type Method = (...args: unknown[]) => unknown;
type Methods = Record<string, Method>;

const PARAMS_METADATA = 'nestjs-workers:params';
const PIPES_KEY = '__pipes__';
const ENHANCER_KEYS = ['__guards__', '__interceptors__', PIPES_KEY, '__exceptionFilters__'];

/**
 * How Nest sees a handler: one instance for the application or a fresh one for each message, with guards, pipes, interceptors and
 * filters around it where the class or the method carries any. A handler without them is called straight.
 *
 * @param creator one `withoutGlobals`
 * @param enter how it is called where something stands before it that may take its time
 */
export function nestHandler(
  found: FoundClass,
  calling: Calling,
  creator: ExternalContextCreator,
  enter?: Enter,
): Handle {
  if (found.scope === 'per-message') return perMessage(found, calling, creator, enter);
  const instance = found.instance() as Methods;
  if (isEnhanced(found, calling)) {
    const enhanced = enhance(instance, found, calling, creator, enter);
    return (message, context) => enhanced(...calling.args(message, context));
  }
  const straight = calling.straight(instance);
  return enter === undefined ? straight : (message, context) => enter(context, () => straight(message, context));
}

function perMessage(found: FoundClass, calling: Calling, creator: ExternalContextCreator, enter?: Enter): Handle {
  return async (message, context) => {
    const contextId = ContextIdFactory.getByRequest(message);
    found.moduleRef.registerRequestByContextId(message, contextId);
    const instance = await found.moduleRef.resolve<Methods>(found.token as never, contextId, { strict: true });
    const args = calling.args(message, context);
    if (isEnhanced(found, calling)) return enhance(instance, found, calling, creator, enter, contextId)(...args);
    const call = (): unknown => instance[calling.method]?.(...args);
    return enter === undefined ? call() : enter(context, call);
  };
}

/**
 * The same creator for what classes and methods carry, and for nothing else. Enhancers of the whole application (`APP_GUARD`,
 * `useGlobalPipes`) are for requests: they see no handler, here as little as in an isolate.
 */
export function withoutGlobals(creator: ExternalContextCreator): ExternalContextCreator {
  const { container } = creator as unknown as { container: object };
  const bare = Object.create(container, { applicationConfig: { value: new ApplicationConfig() } }) as Container;
  return ExternalContextCreator.fromContainer(bare);
}

type Container = Parameters<typeof ExternalContextCreator.fromContainer>[0];

/** Whether its class or its method carries enhancers. */
export function isEnhanced({ target }: FoundClass, { method }: Calling): boolean {
  const callback = (target.prototype as Methods)[method];
  return ENHANCER_KEYS.some(
    (key) => Reflect.hasMetadata(key, target) || (callback !== undefined && Reflect.hasMetadata(key, callback)),
  );
}

/**
 * Guards, interceptors and filters see a call of the method; pipes see the payload only, as if it were the body of an HTTP request. Nest
 * has one set of pipes for all arguments, so where there are any, the payload goes through them in a step of its own.
 */
function enhance(
  instance: Methods,
  { target }: FoundClass,
  { method }: Calling,
  creator: ExternalContextCreator,
  enter: Enter | undefined,
  contextId?: ReturnType<typeof ContextIdFactory.create>,
): (...args: unknown[]) => Promise<unknown> {
  const plain = instance[method] as Method;
  const handler =
    enter === undefined
      ? plain
      : markedAs(plain, (...args) => enter(args.at(-1) as WorkerContext, () => plain.apply(instance, args)));
  const around = (callback: Method): Method =>
    creator.create(instance, callback, method, undefined, undefined, contextId, undefined, ALL, CONTEXT_TYPE);
  if (!hasPipes(target, handler)) return around(handler) as ReturnType<typeof enhance>;
  Reflect.defineMetadata(PARAMS_METADATA, { [`${RouteParamtypes.BODY}:0`]: { index: 0, pipes: [] } }, target, method);
  const itself = markedAs(handler, (payload) => payload);
  const piped = creator.create(
    instance,
    itself,
    method,
    PARAMS_METADATA,
    FIRST,
    contextId,
    undefined,
    NONE,
    CONTEXT_TYPE,
  );
  const handlePiped = async (...[payload, ...context]: unknown[]): Promise<unknown> =>
    // A tick has no payload.
    handler.apply(instance, context.length === 0 ? [payload] : [await piped(payload), ...context]);
  return around(markedAs(handler, handlePiped)) as ReturnType<typeof enhance>;
}

const ALL = { guards: true, interceptors: true, filters: true };
const NONE = { guards: false, interceptors: false, filters: false };
const FIRST = { exchangeKeyForValue: (_type: number, _data: unknown, args: unknown[]): unknown => args[0] };
const CONTEXT_TYPE = 'worker' satisfies WorkerContextType as never;

function hasPipes(target: FoundClass['target'], handler: Method): boolean {
  return Reflect.hasMetadata(PIPES_KEY, target) || Reflect.hasMetadata(PIPES_KEY, handler);
}

/** Gives `stand` the name and the metadata of `handler`, by which Nest and reflectors know it. */
function markedAs(handler: Method, stand: Method): Method {
  for (const key of Reflect.getMetadataKeys(handler) as unknown[])
    Reflect.defineMetadata(key, Reflect.getMetadata(key, handler), stand);
  return Object.defineProperties(stand, { name: { value: handler.name }, length: { value: handler.length } });
}

import { ModuleRef } from '@nestjs/core';
import { getChannelToken } from './channel/channel.decorator.js';
import type { Invoke, RunContext } from './dispatch/dispatcher.js';
import { Segment } from './dispatch/segment.js';
import { WorkerGateway } from './gateway/worker.gateway.js';
import { openHome } from './isolate/inside/home.js';
import { inside } from './lifecycle/inside.js';
import type { Message } from './message/message.js';
import { handleChain } from './worker/interceptor.js';
import { type Enter, isEnhanced, nestHandler } from './worker/nest.handler.js';
import { interceptors } from './worker/nest.interceptors.js';
import type { FoundClass } from './worker/worker.discovery.js';
import type { WorkersApplication } from './workers.application.js';
import type { NestKit, Plan } from './workers.builder.js';

/** A handler that can be called, with everything that belongs around it. */
export interface OpenHandler {
  readonly invoke: Invoke;
  close(): Promise<void>;
}

/** Opens the handler of a plan in this process: the provider that is here, or one made for it where it was to run elsewhere. */
export async function openHandler(app: WorkersApplication, kit: NestKit, plan: Plan): Promise<OpenHandler> {
  return plan.found.isHere ? openHere(app, kit, plan) : openAtHome(app, plan);
}

async function openHere(app: WorkersApplication, kit: NestKit, plan: Plan): Promise<OpenHandler> {
  const around = await interceptors([...app.options.use, ...plan.use], plan.found);
  const isAlone = around.length === 0 && !isEnhanced(plan.found, plan.calling);
  const enter = isAlone && plan.found.scope === 'static' ? undefined : segmentOf(app, plan);
  const handler = nestHandler(plan.found, plan.calling, kit.externalContext, enter);
  const handle = handleChain(around, handler) as unknown as Handle;
  // What stands around it may send as well, and is not looked into.
  const isInside = !isAlone || canSend(app, plan.found);
  return {
    invoke: isInside ? scoped(alwaysInside(app, plan.name, handle)) : insideIfAsked(handle),
    close: async () => {},
  };
}

/**
 * A handler that was registered for an isolate and is kept here all the same, by the module's options or in a test: it gets the same home it
 * would have had there, with the real gateway and channels in it.
 */
async function openAtHome(app: WorkersApplication, plan: Plan): Promise<OpenHandler> {
  const { announcer, options } = app;
  const home = await openHome(plan.kind, plan.found.target, {
    premises: app,
    channels: app.channels.all(),
    announcer,
    logger: undefined,
  });
  const around = await interceptors(options.use, plan.found);
  const handle = handleChain(around, home.handle) as unknown as Handle;
  return { invoke: scoped(alwaysInside(app, plan.name, handle)), close: () => home.close() };
}

/** How a handler is entered that something stands before: watched, in production. */
function segmentOf({ guarding }: WorkersApplication, { dispatch, name }: Plan): Enter | undefined {
  if (dispatch !== 'inline' || guarding.mode !== 'report') return undefined;
  const segment = new Segment(name, guarding);
  return (context, call) => segment.enter(context, call);
}

/** Restores the sender's asynchronous context where the message carries it. */
function scoped(invoke: Invoke): Invoke {
  return (message, context, within) =>
    message.scope === undefined
      ? invoke(message, context, within)
      : message.scope(() => invoke(message, context, within));
}

type Handle = (message: Message, context: RunContext) => unknown;

/** The plain handler is called straight: each function between costs it 5 ns. */
function insideIfAsked(handle: Handle): Invoke {
  const marked = scoped((message, context, within) =>
    within === undefined ? handle(message, context) : inside.run(within, handle, message, context),
  );
  return (message, context, within) =>
    within === undefined && message.scope === undefined ? handle(message, context) : marked(message, context, within);
}

/** Runs `handle` where `inside` tells whose it is, so that what it sends passes while the application drains. */
function alwaysInside(app: WorkersApplication, worker: string, handle: Handle): Invoke {
  const { supervisor: house } = app;
  return (message, context, within) =>
    inside.run(within ?? { house, runId: context.runId, worker, messageId: message.id }, handle, message, context);
}

function canSend(app: WorkersApplication, found: FoundClass): boolean {
  const channels = Object.keys(app.channels.all()).map(getChannelToken);
  return found.canInject(new Set<unknown>([WorkerGateway, ModuleRef, ...channels]));
}

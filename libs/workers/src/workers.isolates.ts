import { isStandardSchema } from './channel/channel.options.js';
import type { Around, Elsewhere, HandlerType } from './dispatch/elsewhere.js';
import { handleChain } from './worker/interceptor.js';
import { interceptors } from './worker/nest.interceptors.js';
import type { ContextHouse, HandlerContext } from './worker/worker.context.js';
import type { WorkerRecord } from './worker/worker.js';
import type { WorkersApplication } from './workers.application.js';
import type { Plan } from './workers.builder.js';
import { WorkersDesk } from './workers.desk.js';

/** What is around a handler is resolved when the worker starts. */
export type MutableElsewhere = Omit<Elsewhere, 'around'> & { around: Around | undefined };

/**
 * Refuses a worker that could not keep its promises in another thread or process: one that the host has constructed, one whose context
 * stands where an isolate does not look, one whose payload class it could not find.
 */
export function checkElsewhere(app: WorkersApplication, plan: Plan, problems: string[]): void {
  const { dispatch, found, name, kind } = plan;
  if (dispatch === 'inline' || dispatch.isElsewhere !== true) return;
  const where = `${kind}s.${name}.dispatch`;
  const { target } = found;
  const decorated = (found.record as WorkerRecord).options as { in?: unknown; dispatch?: { context?: unknown } };
  if (found.isHere) {
    problems.push(
      `${where}: ${target.name} runs in a ${dispatch.kind}, and its providers entry constructs it here as well. ` +
        `Provide it with ...provideWorkers(${target.name}) instead.`,
    );
  }
  if ((dispatch as { context?: unknown }).context !== undefined && decorated.dispatch?.context === undefined) {
    problems.push(
      `${where}.context: is read inside the isolate, from the decorator; in the module's options it cannot reach it. Move it there.`,
    );
  }
  if (typeof decorated.in === 'string' && payloadClass(plan) !== undefined) {
    problems.push(
      `${where}: the payload class of channel "${decorated.in}" is rebuilt inside the isolate, which knows the channel by name only. ` +
        `Give in: the channel constant.`,
    );
  }
  dispatch.check?.(where, app.options.isolates, problems);
}

/** What the isolates of a worker are told, and where they are served. */
export function elsewhere(app: WorkersApplication, plan: Plan, house: ContextHouse): MutableElsewhere {
  return {
    kind: plan.kind,
    target: plan.found.target,
    file: (plan.found.record as WorkerRecord).file,
    info: house.info,
    payloadType: payloadClass(plan),
    channels: () => Object.keys(app.channels.all()),
    defaults: app.options.isolates,
    desk: new WorkersDesk(app, plan.name),
    clock: app.options.clock,
    announcer: app.announcer,
    around: undefined,
  };
}

/** The module's own interceptors stay in the host, around whatever happens in the isolate. */
export async function aroundFor(app: WorkersApplication, plan: Plan): Promise<Around | undefined> {
  const { follower } = app.announcer;
  const trail = { worker: plan.name, channel: plan.in?.name };
  const around = await interceptors(app.options.use, plan.found);
  const isBare = around.every((one) => one.handle === undefined);
  if (isBare && follower === undefined) return undefined;
  const through: Around = (message, context, next) =>
    handleChain<HandlerContext>(around, () => next())(message, context as HandlerContext) as Promise<unknown>;
  if (follower === undefined) return through;
  return async (message, context, next) => {
    const go = () => (isBare ? next() : through(message, context, next));
    return follower.knows(message) ? follower.handle(trail, message, go) : go();
  };
}

function payloadClass({ in: channel }: Plan): HandlerType | undefined {
  const payload = channel?.options.payload;
  return payload === undefined || isStandardSchema(payload) ? undefined : (payload as HandlerType);
}

import type { InjectableOptions } from '@nestjs/common';
import type { WorkerContext, WorkerOptions } from '@nestjs-workers/core';
import { workerBy } from '@nestjs-workers/core/extension';
import { effectsOf, inputsOf } from '../decider/blueprint.js';
import { nameOf } from '../decider/workflow.decorator.js';
import type { EffectOf, InputOf, WorkflowClass } from '../decider/workflow.js';

/** What `@Effects` takes beside the workflow: what `@Worker` takes, but its channels. How effects are tried again says `@Workflow`. */
export type EffectsOptions = Omit<WorkerOptions, 'in' | 'out' | 'expose'>;

/** What a handler of effects may return: the next input of the instance that asked, or nothing. */
export type EffectResult<W extends WorkflowClass> = InputOf<W> | null | undefined | void;

/** What an `@Effects` class implements: `implements EffectsHandler<typeof OrderWorkflow>`. */
export interface EffectsHandler<W extends WorkflowClass> {
  /**
   * Carries an effect out, at least once; `context.idempotencyKey()` is the same for all attempts, and `workflowInstance(context)` says who
   * asked.
   *
   * What it returns is decided as the next input of that instance, committed together with the effect's completion. What it throws fails
   * the effect, which is tried again; a failure that the workflow is to know of is better returned.
   */
  handle(effect: EffectOf<W>, context: WorkerContext): EffectResult<W> | Promise<EffectResult<W>>;
}

type EffectsClass<W extends WorkflowClass> = new (...args: never[]) => EffectsHandler<W>;

/**
 * Makes a class the one that carries out a workflow's effects: a worker of the channel `<workflow>.effects`, in whatever dispatch, whose
 * results are routed to `<workflow>.inputs`. It is provided like any worker.
 *
 * @param workflow its class or its name
 * @param options see `EffectsOptions`; checked when the application starts
 * @param injectable Nest's own options
 * @example
 * @Effects(OrderWorkflow, { concurrency: 8, dispatch: inThread() })
 * export class OrderEffects implements EffectsHandler<typeof OrderWorkflow> { ... }
 */
export function Effects<W extends WorkflowClass>(
  workflow: W | string,
  options: EffectsOptions = {},
  injectable?: InjectableOptions,
): <C extends EffectsClass<W>>(target: C) => void {
  const name = nameOf(workflow);
  const remedy = `List the workflow "${name}" in WorkflowsModule.forRoot({ workflows: [...] }) or forFeature.`;
  return workerBy(Effects, { ...options, in: effectsOf(name), out: inputsOf(name) }, injectable, remedy);
}

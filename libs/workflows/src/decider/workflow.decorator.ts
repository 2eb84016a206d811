import type { WorkflowClass } from './workflow.js';
import type { WorkflowOptions } from './workflow.options.js';

/** What `@Workflow` leaves behind: plain data. */
export interface WorkflowRecord {
  readonly name: string;
  /** What the decorator was given, unchecked. */
  readonly options: object;
}

/** A property of the class itself, and not metadata: a workflow is plain, and is tested without Nest. */
const RECORD = Symbol.for('nestjs-workers:workflow');

/**
 * Makes a class a workflow. The class is made by the library, without arguments: what it decides depends on nothing but what it is told.
 *
 * @param name unique in the application and in the store; its channels are `<name>.effects` and `<name>.inputs`
 * @param options see `WorkflowOptions`; checked when the application starts
 * @example
 * @Workflow('order', { snapshotEvery: 50 })
 * export class OrderWorkflow implements WorkflowDefinition<Order, OrderInput, OrderEvent, OrderEffect, OrderRejection> { ... }
 */
export function Workflow(name: string, options: WorkflowOptions = {}) {
  return (target: WorkflowClass): void => {
    const record: WorkflowRecord = { name, options: Object.freeze({ ...options }) };
    Object.defineProperty(target, RECORD, { value: Object.freeze(record) });
  };
}

/** What the decorator of `target` said; undefined where there is none. */
export function recordOf(target: unknown): WorkflowRecord | undefined {
  if (typeof target !== 'function' || !Object.hasOwn(target, RECORD)) return undefined;
  return (target as unknown as { readonly [RECORD]: WorkflowRecord })[RECORD];
}

/** The name of a workflow, given by class or by name. @throws TypeError for a class that is no workflow */
export function nameOf(workflow: WorkflowClass | string): string {
  if (typeof workflow === 'string') return workflow;
  const record = recordOf(workflow);
  if (record !== undefined) return record.name;
  throw new TypeError(`${workflow.name}: expected a workflow, found no @Workflow('name') on the class. Decorate it.`);
}

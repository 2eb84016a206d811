import { recordOf } from './workflow.decorator.js';
import { type ResolvedWorkflowOptions, resolveWorkflowOptions } from './workflow.options.js';
import type { WorkflowDefinition } from './workflow.js';

/** A definition whose types are the user's. */
export type AnyDefinition = WorkflowDefinition<unknown, unknown, unknown, unknown, unknown>;

/** One workflow as the application knows it: its name, its options, and the one instance of its class. */
export class Blueprint {
  /** @param definition the user's class, made */
  private constructor(
    readonly name: string,
    readonly options: ResolvedWorkflowOptions,
    readonly definition: AnyDefinition,
  ) {}

  get effectsChannel(): string {
    return effectsOf(this.name);
  }

  get inputsChannel(): string {
    return inputsOf(this.name);
  }

  /** What is wrong with the class is added to `problems`; undefined then. */
  static of(target: unknown, problems: string[]): Blueprint | undefined {
    const before = problems.length;
    const record = recordOf(target);
    const className = typeof target === 'function' ? target.name : String(target);
    if (record === undefined || typeof target !== 'function') {
      problems.push(`workflows: expected a class with @Workflow('name'), got ${className}. Decorate it.`);
      return undefined;
    }
    const { name, options: given } = record;
    if (typeof name !== 'string' || !/^[\w.-]+$/.test(name))
      problems.push(
        `${className}: expected a workflow's name of letters, digits, dots, dashes and underscores, got "${name}".`,
      );
    if (target.length > 0)
      problems.push(
        `${className}: a workflow is made without arguments, and its constructor has ${target.length}. It decides on what it is told; what reaches the world belongs into its @Effects class.`,
      );
    for (const method of ['initial', 'evolve', 'decide'])
      if (typeof (target.prototype as Record<string, unknown>)[method] !== 'function')
        problems.push(
          `${className}: expected a method ${method}(), found none. A workflow has initial(), evolve() and decide().`,
        );
    const options = resolveWorkflowOptions(name, given, problems);
    if (problems.length > before) return undefined;
    return new Blueprint(name, options, new (target as new () => AnyDefinition)());
  }
}

export function effectsOf(workflow: string): string {
  return `${workflow}.effects`;
}

export function inputsOf(workflow: string): string {
  return `${workflow}.inputs`;
}

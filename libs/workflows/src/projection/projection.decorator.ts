import { Injectable } from '@nestjs/common';
import { nameOf } from '../decider/workflow.decorator.js';
import type { WorkflowClass } from '../decider/workflow.js';
import type { ProjectionHandler } from './projection.js';

/** What `@Projection` takes beside the name. */
export interface ProjectionOptions<W extends WorkflowClass = WorkflowClass> {
  /** Whose events it is shown: classes or names. */
  readonly workflows: readonly (W | string)[];
  /** How many events at a time. @default 100 */
  readonly batch?: number;
}

/** What the decorator leaves behind. */
export interface ProjectionRecord {
  readonly name: string;
  readonly workflows: readonly string[];
  readonly batch: number;
  /** What else was given. */
  readonly strays: readonly string[];
}

export const PROJECTION_METADATA = 'nestjs-workers:projection';

type ProjectionClass<W extends WorkflowClass> = new (...args: never[]) => ProjectionHandler<W>;

/**
 * Makes a class a projection; it becomes injectable, and is found among the providers.
 *
 * @param name unique in the store: where the projection is, is kept under it
 * @example
 * @Projection('revenue', { workflows: [OrderWorkflow] })
 * export class Revenue implements ProjectionHandler<typeof OrderWorkflow> { ... }
 */
export function Projection<W extends WorkflowClass>(
  name: string,
  { workflows = [], batch = 100, ...rest }: ProjectionOptions<W>,
) {
  return <C extends ProjectionClass<W>>(target: C): void => {
    const record: ProjectionRecord = { name, workflows: workflows.map(nameOf), batch, strays: Object.keys(rest) };
    Reflect.defineMetadata(PROJECTION_METADATA, record, target);
    Injectable()(target);
  };
}

/** What the decorator of `target` said; undefined where there is none. */
export function projectionOf(target: unknown): ProjectionRecord | undefined {
  if (typeof target !== 'function') return undefined;
  return Reflect.getOwnMetadata(PROJECTION_METADATA, target) as ProjectionRecord | undefined;
}

import { type Duration, duration, integer, type OptionTable, resolveOptions } from '@nestjs-workers/core/extension';
import type { WorkflowClass } from './decider/workflow.js';

/** What `WorkflowsModule.forRoot` and the factory of `forRootAsync` take. */
export interface WorkflowsModuleOptions {
  /** How often it is looked for timers that another host set; what this one set is known to the millisecond. @default '1s' */
  readonly timerInterval?: Duration;
  /** How many timers become inputs in one transaction. @default 100 */
  readonly timerBatch?: number;
  /** How often projections look for what another host committed. @default '1s' */
  readonly projectionInterval?: Duration;
}

/** What `forRoot` takes beside the options; `forRootAsync` takes it beside the factory. */
export interface WorkflowsModuleExtras {
  /** The workflows of the application. More can be named with `forFeature`. */
  readonly workflows?: readonly WorkflowClass[];
  /** Whether `Workflows` and `Projections` can be injected everywhere without importing the module again. @default true */
  readonly isGlobal?: boolean;
}

export interface ResolvedWorkflowsOptions {
  readonly timerInterval: number;
  readonly timerBatch: number;
  readonly projectionInterval: number;
}

const WORKFLOWS_TABLE: OptionTable<ResolvedWorkflowsOptions> = {
  timerInterval: duration(10, '1s'),
  timerBatch: integer(1, 100),
  projectionInterval: duration(10, '1s'),
};

/** The module's options, checked; what is wrong is added to `problems`. */
export function resolveWorkflowsOptions(given: object, problems: string[]): ResolvedWorkflowsOptions {
  return resolveOptions('workflows', given, WORKFLOWS_TABLE, problems);
}

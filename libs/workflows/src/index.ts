// The shop window, room by room.

export { WORKFLOWS_MODULE_OPTIONS, WorkflowsModule, type WorkflowsOptionsFactory } from './workflows.module.js';
export type { WorkflowsModuleExtras, WorkflowsModuleOptions } from './workflows.options.js';
export {
  type InstanceState,
  type InstanceSummary,
  type ListQuery,
  type RecordedEvent,
  type SendInputOptions,
  type TimerView,
  type WhatIf,
  Workflows,
} from './workflows.service.js';
export {
  DecisionInvalidError,
  EventUnreadableError,
  InstanceBusyError,
  InstanceMissingError,
  ProjectionUnknownError,
  ProjectionWaitingError,
  UniqueKeyTakenError,
  WorkflowUnknownError,
} from './workflows.errors.js';

export { Workflow } from './decider/workflow.decorator.js';
export type { WorkflowOptions } from './decider/workflow.options.js';
export type {
  EffectOf,
  EventOf,
  InputOf,
  RejectionOf,
  StateOf,
  WorkflowClass,
  WorkflowDefinition,
  WorkflowInstance,
} from './decider/workflow.js';
export {
  accept,
  type Accepting,
  type AskedEffect,
  type AskedTimer,
  type Decision,
  type EffectOptions,
  reject,
  type Rejecting,
} from './decider/decision.js';
export type { Accepted, AlreadyCompleted, Outcome, Rejected } from './engine/outcome.js';

export { type EffectResult, Effects, type EffectsHandler, type EffectsOptions } from './effects/effects.decorator.js';
export { workflowInstance } from './effects/mail.js';

export { Projection, type ProjectionOptions } from './projection/projection.decorator.js';
export type { ProjectedEvent, ProjectionContext, ProjectionHandler, RebuildProgress } from './projection/projection.js';
export { Projections } from './projection/projections.js';

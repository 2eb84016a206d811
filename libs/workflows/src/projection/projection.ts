import type { EventOf, WorkflowClass } from '../decider/workflow.js';

/**
 * A projection: a class that is shown every event of some workflows, in the order of the log, and makes something of them: a table to be
 * read, a search index, a counter.
 *
 * Promises: over all hosts one of them shows a projection events at a time; where it is, is recorded after `project` has returned, so an
 * event comes at least once and none is passed over. What throws is shown again, after growing pauses.
 * Does not promise: that an event comes once. Write so that the second time changes nothing: by `id` and `sequence`.
 *
 * If the application stops now, the batch under way is finished first.
 */
export interface ProjectionHandler<W extends WorkflowClass = WorkflowClass> {
  /** Shows it a batch of events, the oldest first. */
  project(events: readonly ProjectedEvent<W>[], context: ProjectionContext): void | Promise<void>;
  /** Before it is built anew from the first event: empties what it made. */
  reset?(): void | Promise<void>;
}

/** One event as a projection sees it. */
export type ProjectedEvent<W extends WorkflowClass = WorkflowClass> = W extends WorkflowClass
  ? {
      readonly workflow: string;
      readonly id: string;
      /** In its instance, from 1. */
      readonly sequence: number;
      readonly at: Date;
      readonly event: EventOf<W>;
    }
  : never;

export interface ProjectionContext {
  readonly projection: string;
  /** Whether it is being built anew. */
  readonly isRebuild: boolean;
}

/** How far a rebuild is. */
export interface RebuildProgress {
  /** How many events it was shown. */
  readonly events: number;
  /** When the last of them was committed. */
  readonly at: Date;
}

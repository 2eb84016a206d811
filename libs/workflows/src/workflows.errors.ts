import { shown, suggestion, WorkersError } from '@nestjs-workers/core/plain';

/** No workflow has this name here. */
export class WorkflowUnknownError extends WorkersError {
  readonly code = 'WORKFLOW_UNKNOWN';

  constructor(
    readonly workflow: string,
    known: Iterable<string>,
  ) {
    super(
      `A workflow called "${workflow}" was asked for, and this application has none.${suggestion(workflow, known)} Name it in WorkflowsModule.forRoot({ workflows: [...] }).`,
    );
  }
}

/** Another instance that is not completed has the key that this one was to begin with. */
export class UniqueKeyTakenError extends WorkersError {
  readonly code = 'UNIQUE_KEY_TAKEN';

  constructor(
    readonly workflow: string,
    readonly id: string,
    readonly key: string,
    /** The id of the instance that has it. */
    readonly takenBy: string,
  ) {
    super(
      `Workflow "${workflow}", instance "${id}", was to begin with the unique key "${key}", which instance "${takenBy}" has until it is completed. Send the input there, or wait for its end.`,
    );
  }
}

/** An instance changed again and again while it was decided; nothing was written. It may be tried again. */
export class InstanceBusyError extends WorkersError {
  readonly code = 'INSTANCE_BUSY';

  constructor(
    readonly workflow: string,
    readonly id: string,
    readonly tries: number,
  ) {
    super(
      `Workflow "${workflow}", instance "${id}", was decided ${tries} times, and somebody else committed first each time. Try again, or send its inputs with Workflows.send(), which queues them.`,
    );
  }
}

/** An event that lies in the store cannot be read or replayed, and with it its instance. */
export class EventUnreadableError extends WorkersError {
  readonly code = 'EVENT_UNREADABLE';

  constructor(
    readonly workflow: string,
    readonly id: string,
    /** Of the event in its instance, from 1. */
    readonly sequence: number,
    cause: unknown,
  ) {
    super(
      `Workflow "${workflow}", instance "${id}": event ${sequence} cannot be replayed: ${cause instanceof Error ? cause.message : String(cause)}. Mend upcast() or evolve(), or the event.`,
      { cause },
    );
  }
}

/** `decide` returned something that is no decision, or asked for what cannot be. Nothing was written. */
export class DecisionInvalidError extends WorkersError {
  readonly code = 'DECISION_INVALID';

  constructor(
    readonly workflow: string,
    readonly id: string,
    readonly problem: string,
  ) {
    super(`Workflow "${workflow}", instance "${id}", made a decision that cannot be carried out: ${problem}`);
  }

  static notADecision(workflow: string, id: string, found: unknown): DecisionInvalidError {
    const problem = `expected accept(...) or reject(...) from decide(), got ${shown(found)}. Return one of them, and not a promise.`;
    return new DecisionInvalidError(workflow, id, problem);
  }
}

/** A message on a workflow's channel says not which instance it is for. */
export class InstanceMissingError extends WorkersError {
  readonly code = 'INSTANCE_MISSING';

  constructor(readonly channel: string) {
    super(
      `A message on channel "${channel}" was to be given to an instance and names none. Send inputs with Workflows.send(), which does.`,
    );
  }
}

/** No projection has this name here. */
export class ProjectionUnknownError extends WorkersError {
  readonly code = 'PROJECTION_UNKNOWN';

  constructor(
    readonly projection: string,
    known: Iterable<string>,
  ) {
    super(
      `A projection called "${projection}" was asked for, and this application has none.${suggestion(projection, known)} Provide its class in a module.`,
    );
  }
}

/** A projection waits for its turn: others have all connections that projections may hold. It goes on waiting; the error is only told. */
export class ProjectionWaitingError extends WorkersError {
  readonly code = 'PROJECTION_WAITING';

  constructor(
    readonly projection: string,
    readonly waitedMs: number,
  ) {
    super(
      `Projection "${projection}" has waited ${waitedMs} ms for its turn: others hold all connections that projections may, or the database does not answer. Make project() of those quicker, or the pool larger.`,
    );
  }
}

import { WorkersError } from '@nestjs-workers/core';

/** Dead letters were asked for in an application that has no outbox. */
export class OutboxAbsentError extends WorkersError {
  readonly code = 'OUTBOX_ABSENT';

  constructor() {
    super(
      'Dead letters were asked for, and this application has no outbox. Import OutboxModule.forRoot({ store }) from @nestjs-workers/outbox.',
    );
  }
}

/** Workflows were asked for in an application that has none. */
export class WorkflowsAbsentError extends WorkersError {
  readonly code = 'WORKFLOWS_ABSENT';

  constructor() {
    super(
      'Workflows were asked for, and this application has none. Import WorkflowsModule.forRoot({ workflows }) from @nestjs-workers/workflows.',
    );
  }
}

import { WorkersError } from '@nestjs-workers/core';

/** The handle that was given is not in a transaction, or not one that this library can write in. Nothing was written. */
export class TransactionInvalidError extends WorkersError {
  readonly code = 'TRANSACTION_INVALID';

  constructor(found: string, help: string) {
    super(`The outbox expected a transaction, got ${found}. ${help}`);
  }
}

/** A channel that is not durable was given where only a durable one makes sense. */
export class NotDurableError extends WorkersError {
  readonly code = 'NOT_DURABLE';

  constructor(
    readonly channel: string,
    known: string,
  ) {
    super(
      `Channel "${channel}" is in memory and cannot be written in a transaction. Declare it with durable().${known}`,
    );
  }
}

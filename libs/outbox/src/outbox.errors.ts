import { WorkersError } from '@nestjs-workers/core/plain';

/** The handle that was given is not in a transaction, or not one that this library can write in. Nothing was written. */
export class TransactionInvalidError extends WorkersError {
  readonly code = 'TRANSACTION_INVALID';

  constructor(found: string, help: string) {
    super(`The outbox expected a transaction, got ${found}. ${help}`);
  }

  /** It was over when it was its turn to be written in, and another one may be open on the same connection. */
  static over(): TransactionInvalidError {
    return new TransactionInvalidError(
      'one that was over before the message came to be written',
      'Nothing was written. Something had to be waited for, a check of the payload or an answer of the application: give one that may wait, as between "begin" and "commit", and await what you add before it ends.',
    );
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

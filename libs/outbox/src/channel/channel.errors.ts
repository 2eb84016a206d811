import { WorkersError } from '@nestjs-workers/core';
import type { DeadLetterReason } from '../store/dead.letter.reason.js';

/** A durable channel was used in an application that has no store for it. */
export class OutboxMissingError extends WorkersError {
  readonly code = 'OUTBOX_MISSING';

  constructor(readonly channel: string) {
    super(
      `Channel "${channel}" is durable and this application has no store for it. Import OutboxModule.forRoot({ store }) beside WorkersModule.forRoot().`,
    );
  }
}

/** Somebody other than a worker wanted to take from a durable channel; only a worker can say what became of a message. */
export class DurableTakenError extends WorkersError {
  readonly code = 'DURABLE_TAKEN';

  constructor(readonly channel: string) {
    super(
      `Channel "${channel}" is durable and was subscribed to. What is taken from a store has to be settled, which a worker does: write a class with @Worker({ in }). To watch what is put, use tap$.`,
    );
  }
}

/** The claim on a message was lost while its handler ran: another host may run it now. What this host found out was not recorded. */
export class ClaimLostError extends WorkersError {
  readonly code = 'CLAIM_LOST';
  /** The outcome was on its way when the claim was lost, and may have been recorded. */
  readonly mayBeRecorded: boolean;

  constructor(
    readonly channel: string,
    readonly messageId: string,
    { mayBeRecorded = false, ...options }: ErrorOptions & { readonly mayBeRecorded?: boolean } = {},
  ) {
    super(
      `The claim on message ${messageId} of channel "${channel}" was lost while it was handled; another host may handle it. ${mayBeRecorded ? 'Its outcome may have been recorded, and no answer came' : 'Nothing was recorded here'}. Look for an event loop that was held, or a database that could not be reached, for longer than the lease.`,
      options,
    );
    this.mayBeRecorded = mayBeRecorded;
  }
}

/** A request was a duplicate of a message that is over, and what came of that was not kept. The handler was not called for it again. */
export class ResultNotKeptError extends WorkersError {
  readonly code = 'RESULT_NOT_KEPT';

  constructor(
    readonly channel: string,
    /** Of the message that was put before. */
    readonly messageId: string,
  ) {
    super(
      `A request on channel "${channel}" is a duplicate of message ${messageId}, which is over, and whose result was not kept. Give the channel a \`keep\` that is no shorter than the window of \`deduplicate\`, or ask with another key.`,
    );
  }
}

/**
 * A message is a dead letter now; whoever waited for its outcome gets this. What it failed with last is the `cause`, unless the request came
 * when it was dead already: its history says that.
 */
export class MessageBuriedError extends WorkersError {
  readonly code = 'MESSAGE_BURIED';

  constructor(
    readonly channel: string,
    readonly messageId: string,
    readonly reason: DeadLetterReason,
    options?: ErrorOptions,
  ) {
    super(
      `Message ${messageId} of channel "${channel}" will not be tried again (${reason}). It is a dead letter: look at it with DeadLetters.find(), and retry or discard it.`,
      options,
    );
  }
}

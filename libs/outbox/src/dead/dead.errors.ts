import { WorkersError } from '@nestjs-workers/core';

/** No dead letter has this id: the message is live, done, discarded, or never was. Nothing was changed. */
export class DeadLetterUnknownError extends WorkersError {
  readonly code = 'DEAD_LETTER_UNKNOWN';

  constructor(readonly id: string) {
    super(
      `Message ${id} is no dead letter. Only what is dead can be retried or discarded; DeadLetters.find() lists them.`,
    );
  }
}

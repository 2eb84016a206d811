import { WorkersError } from '../workers.error.js';

/** A value cannot cross to a thread, a process or a store unchanged, and was not sent. Send something else, or keep the worker inline. */
export class NotPortableError extends WorkersError {
  readonly code = 'NOT_PORTABLE';

  constructor(
    /** Where it stands, as `payload.user.avatar`. */
    readonly path: string,
    /** What it is, as `a function` or `an instance of Upload`. */
    readonly found: string,
    advice: string,
    options?: ErrorOptions,
  ) {
    super(`A value cannot cross to a thread, a process or a store: ${path} is ${found}. ${advice}`, options);
  }
}

/** What arrived was not written by this library, or by another version of it. Check that both sides use the same serializer. */
export class UnreadableError extends WorkersError {
  readonly code = 'UNREADABLE';

  constructor(options?: ErrorOptions) {
    super(
      'A value arrived from a thread or process and cannot be read. ' +
        'Use the same serializer and the same version of this library on both sides; error.cause says what was wrong.',
      options,
    );
  }
}

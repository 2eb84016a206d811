import { suggestion, WorkersError } from '../workers.error.js';
import { type Ending, inWords } from './body.js';

/** What is wrong with the file in which an isolate would look for its handler. */
export type Unfound = 'nobody knows the file' | 'no such file' | 'no such class' | 'it starts the application';

/** The file of an isolated handler does not export its class, so an isolate could not find it. */
export class HandlerNotExportedError extends WorkersError {
  readonly code = 'HANDLER_NOT_EXPORTED';

  constructor(
    readonly className: string,
    readonly file: string | undefined,
    readonly reason: Unfound,
    readonly exported: readonly string[] = [],
    cause?: unknown,
  ) {
    super(
      `${className} is to run in an isolate, which looks for it in ${file ?? 'the file that decorates it'}. ` +
        `${UNFOUND[reason]}${suggestion(className, exported)} Decorate the class in a file of its own and export it there; ` +
        'in a bundle, name it with isolate(...) in the file that spawn or entry starts.',
      cause === undefined ? undefined : { cause },
    );
  }
}

const UNFOUND: Readonly<Record<Unfound, string>> = {
  'nobody knows the file': 'Nobody knows which that is.',
  'no such file': 'There is no such file.',
  'no such class': 'It exports no such class.',
  'it starts the application':
    'Node was started with that file, so an isolate that loads it would start the application again.',
};

/** An isolate did not come to life; the `cause` says why. */
export class IsolateStartError extends WorkersError {
  readonly code = 'ISOLATE_NOT_STARTED';

  constructor(
    readonly worker: string,
    readonly isolate: string,
    why: string,
    cause?: unknown,
  ) {
    super(`Isolate ${isolate} of worker "${worker}" could not be started: ${why}`, { cause });
  }
}

/**
 * The isolate died while a handler was in it: nobody knows how far it came. Where the crash policy is `retry`, it was tried `attempt`
 * times.
 */
export class IsolateCrashedError extends WorkersError {
  readonly code = 'ISOLATE_CRASHED';

  constructor(
    readonly worker: string,
    readonly messageId: string,
    readonly isolate: string,
    readonly reason: Ending,
    readonly attempt: number,
    readonly maxAttempts: number,
  ) {
    super(
      `Isolate ${isolate} of worker "${worker}" died while it handled message ${messageId}: ${inWords(reason)} ` +
        `(attempt ${attempt} of ${maxAttempts}). ` +
        (maxAttempts === 1
          ? 'If the handler may run twice, set crash: { attempts: 2 } on its dispatch.'
          : 'Look at what the message makes the handler do.'),
    );
  }
}

/** Isolates died one after the other before any message was finished; until `retryAfterMs` have passed none is started. */
export class CrashLoopError extends WorkersError {
  readonly code = 'ISOLATE_CRASH_LOOP';

  constructor(
    readonly worker: string,
    readonly crashes: number,
    readonly retryAfterMs: number,
    cause: unknown,
  ) {
    super(
      `The isolates of worker "${worker}" died ${crashes} times in a row; none is started for ${retryAfterMs} ms. ` +
        `The last one: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

/** What only the host can do was asked for inside an isolate. */
export class NotInIsolateError extends WorkersError {
  readonly code = 'NOT_IN_ISOLATE';

  constructor(
    readonly asked: string,
    way: string,
  ) {
    super(`${asked} was asked for inside an isolate, where channels can only be put to. ${way}`);
  }
}

import type { Fault, FaultKind } from '../message/fault.js';
import { suggestion, WorkersError } from '../workers.error.js';

/** The handler threw. What it threw is the `cause`; `retryable` says whether trying again may help. */
export class HandlerFailedError extends WorkersError {
  readonly code = 'HANDLER_FAILED';
  readonly kind: FaultKind;
  readonly retryable: boolean;

  constructor(
    readonly worker: string,
    readonly messageId: string,
    fault: Fault,
  ) {
    super(`Worker "${worker}" failed on message ${messageId}: ${fault.error.message}`, { cause: fault.error });
    this.kind = fault.kind;
    this.retryable = fault.retryable;
  }
}

/** The handler ran longer than its `timeout`; its signal was aborted. */
export class HandlerTimeoutError extends WorkersError {
  readonly code = 'HANDLER_TIMEOUT';

  constructor(
    readonly worker: string,
    readonly messageId: string,
    readonly timeoutMs: number,
  ) {
    super(
      `Worker "${worker}" did not finish message ${messageId} within ${timeoutMs} ms and was told to stop. ` +
        `Pass context.signal on to what the handler awaits, or raise the worker's timeout.`,
    );
  }
}

/** No worker of that name, or of that class, is registered. */
export class WorkerUnknownError extends WorkersError {
  readonly code = 'WORKER_UNKNOWN';

  constructor(
    readonly asked: string,
    readonly known: readonly string[],
  ) {
    super(
      `Worker "${asked}" was addressed and is not registered.${suggestion(asked, known)} Provide the class in a module, with ...provideWorkers() where it runs in a thread or process.`,
    );
  }
}

/**
 * The worker runs in other processes only: nothing here can be changed about it; and where its channel is in the memory of this process, no
 * message could come to it.
 */
export class WorkerElsewhereError extends WorkersError {
  readonly code = 'WORKER_ELSEWHERE';

  /** @param channel its channel, when a message was for it; undefined when it was to be paused, resumed or resized */
  constructor(
    readonly worker: string,
    readonly channel?: string,
  ) {
    super(
      channel === undefined
        ? `Worker or ticker "${worker}" was to be changed, and the run option leaves it to other processes. Ask a process that runs it, or ` +
            `pause its channel where that is a durable one: that holds for all hosts.`
        : `Worker "${worker}" was addressed, and the run option leaves it to other processes; its channel "${channel}" is in the memory of ` +
            `this one. Run the worker here as well, or declare the channel with durable().`,
    );
  }
}

/** The worker exists but is not addressable from outside. */
export class WorkerNotExposedError extends WorkersError {
  readonly code = 'WORKER_NOT_EXPOSED';

  constructor(
    readonly worker: string,
    readonly exposed: readonly string[],
  ) {
    super(
      `Worker "${worker}" was addressed and is not exposed. Exposed: ${exposed.length === 0 ? 'none' : exposed.map((name) => `"${name}"`).join(', ')}. ` +
        `Set expose: true in its @Worker options, or put on its channel instead.`,
    );
  }
}

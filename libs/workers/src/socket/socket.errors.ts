import { asError } from '../message/fault.js';
import { shown, WorkersError } from '../workers.error.js';
import type { Direction } from './middleware.js';
import type { Phase } from './phase.js';

/** A message is larger than a line takes. It was not sent; the line lives on. Send a reference to the data, or raise the limit. */
export class MessageTooLargeError extends WorkersError {
  readonly code = 'MESSAGE_TOO_LARGE';

  constructor(
    readonly sizeBytes: number,
    readonly maxBytes: number,
  ) {
    super(
      `A message of ${sizeBytes} bytes was sent to another process; the limit is ${maxBytes} (maxMessageBytes). ` +
        `Send a reference to the data instead, or raise the limit.`,
    );
  }
}

/** The other side announced a frame that is larger than this side takes. What follows cannot be read, so the line is cut. */
export class FrameTooLargeError extends WorkersError {
  readonly code = 'FRAME_TOO_LARGE';

  constructor(
    readonly sizeBytes: number,
    readonly maxBytes: number,
  ) {
    super(
      `A frame of ${sizeBytes} bytes was announced; the limit is ${maxBytes} (maxMessageBytes). The line is cut: ` +
        `give both sides the same limit, and make sure that nobody else writes to this socket.`,
    );
  }
}

/** The other side was gone before its last frame was whole: it crashed or was killed while it wrote. */
export class FrameTruncatedError extends WorkersError {
  readonly code = 'FRAME_TRUNCATED';

  constructor() {
    super(`The line was closed inside a frame. The other side ended while it wrote; look at how its process ended.`);
  }
}

/** Something was sent on a line that is closed or closing. Nothing of it was written; send it on another line. */
export class LineClosedError extends WorkersError {
  readonly code = 'LINE_CLOSED';

  constructor() {
    super(`A message was sent on a line that is closed or closing. Nothing was written; send it on another line.`);
  }
}

/** No socket can stand at this path. */
export class SocketPathError extends WorkersError {
  readonly code = 'SOCKET_PATH_INVALID';

  constructor(
    readonly path: string,
    problem: string,
  ) {
    super(`A socket was asked for at ${shown(path)}: ${problem}`);
  }
}

/**
 * Why a handshake came to nothing.
 *
 * - `token`: the token was wrong. - `occupied`: the token was right and another connection of this isolate lives.
 * - `silence`: no token came in time. - `garbage`: what came was no frame, or none that belongs there.
 * - `gone`: the other side left before it was over.
 */
export type HandshakeFailure = 'token' | 'occupied' | 'silence' | 'garbage' | 'gone';

const HANDSHAKE_FAILURES: Record<HandshakeFailure, string> = {
  token: 'the token was wrong. Whoever connects must be given the token of this very isolate',
  occupied: 'another connection of this isolate lives. Close it first',
  silence: 'no token came in time. Start the handshake right after connecting',
  garbage: 'what came was no handshake. Make sure that nobody else uses this socket',
  gone: 'the other side left before it was over. Look at how its process ended',
};

/** A connection was not accepted and is closed. Host and other connections are unharmed. */
export class HandshakeError extends WorkersError {
  readonly code = 'HANDSHAKE_REFUSED';

  constructor(
    readonly reason: HandshakeFailure,
    options?: ErrorOptions,
  ) {
    super(`A connection asked to be accepted: ${HANDSHAKE_FAILURES[reason]}.`, options);
  }
}

/** No connection came about in the time there was for it; `cause` says how the last attempt ended. */
export class ConnectTimeoutError extends WorkersError {
  readonly code = 'CONNECT_TIMEOUT';

  constructor(
    readonly path: string,
    readonly timeoutMs: number,
    readonly attempts: number,
    options?: ErrorOptions,
  ) {
    super(
      `A connection to ${shown(path)} was tried for ${timeoutMs} ms and did not come about (attempts: ${attempts}). ` +
        `Make sure that the host listens there, or allow more time.`,
      options,
    );
  }
}

/** A middleware threw. That message goes no further; those behind it do. The middleware's error is the `cause`. */
export class MiddlewareError extends WorkersError {
  readonly code = 'MIDDLEWARE_FAILED';

  constructor(
    readonly direction: Direction,
    cause: unknown,
  ) {
    super(
      `A message was given to the middlewares (${direction}) and one of them threw "${asError(cause).message}". ` +
        `Mend it; error.cause is what it threw.`,
      { cause },
    );
  }
}

/** An isolate was to move to a phase that cannot follow the one it is in. A mistake of this library. */
export class PhaseError extends WorkersError {
  readonly code = 'PHASE_ILLEGAL';

  constructor(
    readonly from: Phase,
    readonly to: Phase,
    readonly allowed: readonly Phase[],
  ) {
    super(
      `An isolate in phase "${from}" was to move to "${to}"; from there it may move to ` +
        `${allowed.length === 0 ? 'no other' : allowed.map((phase) => `"${phase}"`).join(', ')}. Please report this.`,
    );
  }
}

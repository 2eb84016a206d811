import { type Clock, SystemClock } from '../lifecycle/clock.js';
import { asError } from '../message/fault.js';
import { backoffMs, type BackoffOptions } from './backoff.js';
import { greet } from './handshake.js';
import { Line, type LineOptions } from './line.js';
import { type SocketAdapter, socketAdapter } from './socket.adapter.js';
import { ConnectTimeoutError, HandshakeError, SocketPathError } from './socket.errors.js';

export interface ConnectOptions extends BackoffOptions, LineOptions {
  readonly path: string;
  readonly token: string;
  /** How long all attempts together may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Ends the attempts early; `connect` rejects with its reason. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  readonly adapter?: SocketAdapter;
}

/**
 * Connects to the host that listens at `path`, again and again until it does, and shows it the token.
 *
 * Promises: to settle in `timeoutMs`, give or take a turn, however slowly the host starts; to leave no socket and no timer behind when
 * it rejects. What a later attempt cannot mend ends it at once: a wrong token, a path that cannot be.
 *
 * @returns an accepted line. Frames wait until somebody takes them.
 * @throws ConnectTimeoutError Its `cause` is how the last attempt ended.
 * @throws HandshakeError `token`: it was wrong.
 * @throws SocketPathError
 */
export async function connect(options: ConnectOptions): Promise<Line> {
  const { path, timeoutMs, signal, clock = new SystemClock() } = options;
  signal?.throwIfAborted();
  const end = new AbortController();
  const abort = (): void => end.abort(signal?.reason);
  let attempts = 0;
  let failure: Error | undefined;
  const timer = clock.after(timeoutMs, () => {
    end.abort(new ConnectTimeoutError(path, timeoutMs, attempts, { cause: failure }));
  });
  signal?.addEventListener('abort', abort);
  try {
    for (;;) {
      try {
        attempts++;
        return await attempt(options, end.signal);
      } catch (thrown) {
        failure = asError(thrown);
        end.signal.throwIfAborted();
        if (isFinal(failure)) throw failure;
      }
      await pause(clock, backoffMs(attempts - 1, options), end.signal);
      end.signal.throwIfAborted();
    }
  } finally {
    timer.cancel();
    signal?.removeEventListener('abort', abort);
  }
}

async function attempt({ path, token, adapter = socketAdapter(), ...options }: ConnectOptions, end: AbortSignal) {
  const line = new Line(adapter.createClient(path), options);
  const hangUp = (): void => line.destroy();
  end.addEventListener('abort', hangUp);
  try {
    await greet(line, token);
    return line;
  } finally {
    end.removeEventListener('abort', hangUp);
  }
}

function isFinal(failure: Error): boolean {
  return failure instanceof SocketPathError || (failure instanceof HandshakeError && failure.reason === 'token');
}

/** Resolves after `delayMs`, or when `end` is aborted. */
function pause(clock: Clock, delayMs: number, end: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = (): void => {
      timer.cancel();
      end.removeEventListener('abort', over);
      resolve();
    };
    const timer = clock.after(delayMs, over);
    end.addEventListener('abort', over);
  });
}

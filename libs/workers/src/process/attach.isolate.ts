import 'reflect-metadata';
import { live } from '../isolate/inside/live.js';
import { becomeIsolate } from '../isolate/role.js';
import { onAbort } from '../lifecycle/on.abort.js';
import { connect } from '../socket/connect.js';
import { DEFAULT_MAX_MESSAGE_BYTES } from '../socket/frame.js';
import type { Attach } from './attach.options.js';
import { ProcessLink } from './process.link.js';

/** What `attachIsolate` takes. */
export interface AttachOptions extends Attach {
  /** How long it tries to reach the host, each time. Milliseconds. @default 10_000 */
  readonly timeoutMs?: number;
  /** The same as the host's. @default 64 MiB */
  readonly maxMessageBytes?: number;
  /** Ends the attachment, and the trying. @default none */
  readonly signal?: AbortSignal;
}

/**
 * Makes this process an isolate of a host that waits for it: the other side of `inProcess({ attach: { path, token } })`.
 *
 * It attaches, is told which handler to be, and boots its context; when the host hangs up or dies the context is closed, and it attaches
 * again, to the same host or the next.
 *
 * @throws (rejects) ConnectTimeoutError when no host is there in time, HandshakeError when the token is wrong
 */
export async function attachIsolate(options: AttachOptions): Promise<void> {
  const { path, token, timeoutMs = 10_000, maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES, signal } = options;
  becomeIsolate();
  const isOver = (): boolean => signal?.aborted === true;
  while (!isOver()) {
    const line = await connect({
      path,
      token,
      timeoutMs,
      maxMessageBytes,
      ...(signal === undefined ? {} : { signal }),
    });
    await new Promise<void>((resolve) => {
      const forget = signal === undefined ? () => {} : onAbort(signal, () => line.close());
      const link = new ProcessLink(line, () => {
        forget();
        resolve();
      });
      live(link);
      if (isOver()) line.close();
    });
  }
}

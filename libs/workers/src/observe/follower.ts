import type { Headers, Message } from '../message/message.js';

/** Who is on which side of a message. */
export interface Trail {
  readonly worker: string | undefined;
  readonly channel: string | undefined;
}

/**
 * Somebody who follows messages from their sender to their handler, such as a tracer: the one place where that can be done. An application
 * has one at most, and without one nothing of it is there but the question whether there is.
 *
 * Whoever follows must call what it is given, once and at once, and hand on what comes back.
 */
export interface Follower {
  /** Whether a message that is put here and now is none of its business; asked once for each. When it is not, `put` follows it for sure. */
  leaves(headers: Headers | undefined): boolean;
  /** Around putting: `headers` may be added to. `from` is the message whose handler's result is put. */
  put<R>(trail: Trail, headers: Headers, send: (headers: Headers) => R, from?: Message): R;
  /** Whether the handler of `message` is any of its business; when it is not, `handle` need not be called. */
  knows(message: Message): boolean;
  /** Around the handler. In an isolate, `within` is what `carried` said of the message in the host. */
  handle(trail: Trail, message: Message, call: () => unknown, within?: Headers): unknown;
  /** `headers` with what is to be known where they go: of the handler of `from`, else of what is under way here. */
  carried(headers: Headers, from?: Message): Headers;
  /** Around what an isolate asks for: as `headers` carry it, else as part of the handler of `from`, never of what is under way here. */
  goOn<R>(headers: Headers | undefined, from: Message | undefined, ask: () => R): R;
  /** Told when settling takes its time. */
  settle(trail: Trail, message: Message, settling: Promise<unknown>): void;
}

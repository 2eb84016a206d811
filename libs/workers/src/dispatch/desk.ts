import type { Headers, Message } from '../message/message.js';
import type { WorkersStats } from '../observe/stats.js';

/**
 * Where the host serves what is asked inside its isolates: the gateway, channels, logs, events. One for all isolates of a worker.
 *
 * Promises: a handler inside an isolate may send while the application drains, as one here may; what it waits for is given up when its
 * isolate ends.
 */
export interface Desk {
  /** Sends a message for a handler, or asks a part for it; `told` gets the progress of a request. */
  serve(isolate: object, asked: Asked, told: (value: unknown) => void): Promise<unknown>;
  /** The one who asked does not wait any longer. */
  leave(isolate: object, call: number): void;
  /** The isolate is gone, and nobody waits for what it asked. */
  forget(isolate: object): void;
  /** `asker` and `headers` say to which trace it belongs. */
  put(channel: string, value: unknown, asker: Message | undefined, headers: Headers | undefined): void;
  stats(): WorkersStats;
  log(level: LogLevel, context: string, text: string, stack: string | undefined): void;
  said(messageId: string, name: string, data: unknown): void;
  reply(message: Message, value: unknown): void;
}

/** What a sender inside an isolate may say beside its payload. */
export interface SendOptions {
  readonly headers?: Headers;
  readonly timeoutMs?: number;
  /** What only a durable channel takes, as the sender said it; a date as its milliseconds. */
  readonly sending?: Readonly<Record<string, unknown>>;
}

/** The levels of Nest's logger. */
export const LOG_LEVELS = ['log', 'error', 'warn', 'debug', 'verbose', 'fatal'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What is asked from inside an isolate: a command or a request for a worker, or something for the part of a package. */
export interface Asked {
  readonly kind: 'command' | 'request' | 'ask';
  readonly call: number;
  /** The message whose handler asks; undefined when the asking code belongs to no handler. */
  readonly asker: Message | undefined;
  /** The worker, or the part. */
  readonly to: string;
  readonly options: SendOptions;
  readonly payload: unknown;
}

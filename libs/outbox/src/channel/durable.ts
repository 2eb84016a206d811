import type { ChannelDeclaration } from '@nestjs-workers/core';
import { DurableChannel } from './durable.channel.js';
import { type DurableOptions, resolveDurableOptions } from './durable.options.js';

/** A durable channel, declared once as a typed constant and passed by value, as one in memory is. */
export type DurableDeclaration<T = unknown> = ChannelDeclaration<T>;

/**
 * Declares a durable channel: its messages lie in the store of `OutboxModule` and survive everything that the database survives.
 *
 * It stands where `channel(...)` stood; the worker that takes from it does not change. From then on its handler runs at least once for
 * each message, again after a failure, and on whichever host is free.
 *
 * @param name unique in the application, and in the store: all applications that share the store share the channel
 * @param options see `DurableOptions`; checked when the application starts
 * @example
 * export const Emails = durable<Email>('emails', { payload: Email, retry: { attempts: 8 } });
 */
export function durable<T>(name: string, options: DurableOptions<T> = {}): DurableDeclaration<T> {
  return Object.freeze({
    name,
    options: Object.freeze({ ...options }) as object,
    open: (opened: string, given: object, site, problems: string[]) =>
      new DurableChannel(opened, resolveDurableOptions(opened, given, problems), site),
  } satisfies ChannelDeclaration<T>);
}

import type { Channel, Peeked } from '@nestjs-workers/core';
import type { Announcer, Source, Taker } from '@nestjs-workers/core/extension';
import type { Appended } from '../store/store.js';
import { OutboxMissingError } from './channel.errors.js';
import type { DurableChannel } from './durable.channel.js';
import type { Draft } from './envelope.js';
import type { ReplyAddress } from '@nestjs-workers/core/extension';

/** What a durable channel needs of the outbox behind it. */
export interface Post {
  /** Writes one message; resolves when it is committed. `reply` is told when its outcome is recorded, whoever ran it. */
  send(channel: DurableChannel, draft: Draft, reply?: ReplyAddress): Promise<Appended>;
  /** Has no host claim from `channel`, or claim again, and this process know at once. */
  pause(channel: DurableChannel, isPaused: boolean, by: string | undefined): Promise<void>;
  /** What is next on `channel`, without claiming it. */
  peek(channel: DurableChannel, limit: number): Promise<readonly Peeked[]>;
  /** The messages of `channel` as the source of one worker. */
  sourceFor(channel: DurableChannel, taker: Taker, routed: Channel | undefined): Source;
}

/** Which outbox serves which application; channels are opened before it is there. */
const POSTS = new WeakMap<Announcer, Post>();

/** Has `post` serve the durable channels of one application. */
export function serve(application: Announcer, post: Post): void {
  POSTS.set(application, post);
}

/** @throws OutboxMissingError */
export function postOf(application: Announcer, channel: string): Post {
  const post = POSTS.get(application);
  if (post === undefined) throw new OutboxMissingError(channel);
  return post;
}

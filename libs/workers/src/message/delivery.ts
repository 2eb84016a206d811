import type { Message } from './message.js';
import type { Outcome } from './outcome.js';

/**
 * One message taken from its channel, with the way to say what became of it. The one thing a worker eats.
 *
 * A memory message settles into nothing; a tick into its overlap gate; a durable message into its store, where settling is a
 * commit. That is all that makes a durable worker different from any other.
 */
export interface Delivery<T = unknown> {
  readonly message: Message<T>;
  /** Known once it is settled: whether the message is tried again by itself. Left out where nothing ever is. */
  readonly willRetry?: boolean;
  /**
   * Records `outcome`. Called exactly once, before anybody is told. A promise holds back the reply, the output, the events and
   * (beyond 2 x concurrency) the intake until it settles; a rejection is announced and the message counts as not settled.
   */
  settle(outcome: Outcome): void | Promise<void>;
  /** Gives it back to where it came from when it was not run; what has no such way is reported as left over. */
  giveBack?(): void;
}

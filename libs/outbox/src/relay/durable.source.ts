import type { Channel } from '@nestjs-workers/core';
import type { Source, Taker } from '@nestjs-workers/core/extension';
import type { DurableChannel } from '../channel/durable.channel.js';
import type { DurableDelivery } from './durable.delivery.js';
import { Foresight } from './foresight.js';

/**
 * What a relay has claimed for one worker and the worker has not taken yet.
 *
 * What the store may have beside is `unknown` until it was asked, `asked` meanwhile, and `nothing` when it gave less than there was room
 * for. A word that comes while it is asked makes it `unknown` again: the answer may be older than the word.
 *
 * Invariant: while the worker is hungry, nothing waits here.
 */
export class DurableSource implements Source {
  private readonly waiting: DurableDelivery[] = [];
  private inStore: 'unknown' | 'asked' | 'nothing' = 'unknown';
  private readonly foresight: Foresight;
  /** Claimed, and on their way through the check of their payload. */
  private arriving = 0;

  constructor(
    readonly channel: DurableChannel,
    readonly taker: Taker,
    readonly routed: Channel | undefined,
    private readonly isClaiming: () => boolean,
    nowMs: () => number,
  ) {
    this.foresight = new Foresight(channel.durable.prefetch, nowMs);
    taker.allowUnsettled(this.foresight.ahead);
  }

  /** How many more messages it has a place for, those that are claimed in advance included. */
  get room(): number {
    if (this.taker.isPaused) return 0;
    return this.taker.room + this.foresight.ahead - this.waiting.length - this.arriving;
  }

  /** How many messages the store is worth being asked for. */
  get wish(): number {
    return this.inStore === 'unknown' ? Math.max(0, this.room) : 0;
  }

  get isEmpty(): boolean {
    const mayHaveMore = this.inStore !== 'nothing' && this.isClaiming();
    return this.waiting.length + this.arriving === 0 && !mayHaveMore;
  }

  /** The store may have something. */
  wake(): void {
    this.inStore = 'unknown';
  }

  ask(): void {
    this.foresight.measure();
    this.taker.allowUnsettled(this.foresight.ahead);
    this.inStore = 'asked';
  }

  /** The store has answered, with everything that it had or not; or it could not. */
  answered(withAll: boolean): void {
    if (this.inStore === 'asked') this.inStore = withAll ? 'nothing' : 'unknown';
  }

  /** Keeps a place until `arrival` is over. */
  async expect(arrival: Promise<void>): Promise<void> {
    this.arriving++;
    try {
      await arrival;
    } finally {
      this.arriving--;
    }
  }

  put(delivery: DurableDelivery): void {
    this.channel.books.taken++;
    if (!this.taker.isHungry || this.waiting.length > 0) this.waiting.push(delivery);
    else {
      this.foresight.began();
      this.taker.give(delivery);
    }
  }

  take(): DurableDelivery | undefined {
    const delivery = this.waiting.shift();
    if (delivery !== undefined) this.foresight.began();
    return delivery;
  }

  release(): void {}

  /** What waits here goes back to the store, so nothing is left behind. */
  takeRest(): [] {
    this.giveBack();
    return [];
  }

  /** Gives back what was claimed in advance for a worker that has begun nothing since this was asked last. */
  reconsider(): void {
    if (this.foresight.isInVain()) this.giveBack();
  }

  giveBack(): void {
    if (this.waiting.length > 0) this.inStore = 'unknown';
    for (const delivery of this.waiting.splice(0)) delivery.giveBack();
  }

  /** Forgets what waits here, because it belongs to somebody else now. */
  forget(): void {
    this.waiting.length = 0;
  }
}

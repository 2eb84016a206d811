import type { Channel } from '@nestjs-workers/core';
import type { Source, Taker } from '@nestjs-workers/core/extension';
import type { DurableChannel } from '../channel/durable.channel.js';
import type { DurableDelivery } from './durable.delivery.js';

/**
 * What a relay has claimed for one worker and the worker has not taken yet.
 *
 * Invariant: while the worker is hungry, nothing waits here.
 */
export class DurableSource implements Source {
  private readonly waiting: DurableDelivery[] = [];
  /** Set while the store may hold more for this worker. */
  mayHaveMore = true;

  constructor(
    readonly channel: DurableChannel,
    readonly taker: Taker,
    readonly routed: Channel | undefined,
    private readonly isClaiming: () => boolean,
  ) {}

  /** How many more messages it has a place for, those that are claimed in advance included. */
  get room(): number {
    return this.taker.room + this.channel.durable.prefetch - this.waiting.length;
  }

  get isEmpty(): boolean {
    return this.waiting.length === 0 && !(this.mayHaveMore && this.isClaiming());
  }

  put(delivery: DurableDelivery): void {
    this.channel.books.taken++;
    if (this.taker.isHungry && this.waiting.length === 0) this.taker.give(delivery);
    else this.waiting.push(delivery);
  }

  take(): DurableDelivery | undefined {
    return this.waiting.shift();
  }

  release(): void {}

  /** What waits here goes back to the store, so nothing is left behind. */
  takeRest(): [] {
    this.giveBack();
    return [];
  }

  giveBack(): void {
    for (const delivery of this.waiting.splice(0)) delivery.giveBack();
  }

  /** Forgets what waits here, because it belongs to somebody else now. */
  forget(): void {
    this.waiting.length = 0;
  }
}

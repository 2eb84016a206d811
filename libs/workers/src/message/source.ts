import type { Delivery } from './delivery.js';
import type { Message } from './message.js';

/** Where a worker's deliveries come from. A channel is one; so is time, and so is a store's relay. */
export interface Source {
  /** The next delivery; undefined when there is none, and then the source gives the next one by itself. */
  take(): Delivery | undefined;
  /** Told when a delivery is finished. */
  release(delivery: Delivery): void;
  /** Gives back what was fetched in advance; for a worker that is paused. */
  giveBack?(): void;
  /** Whether nothing waits there. */
  readonly isEmpty: boolean;
  /** Takes out what a stop leaves behind, where nobody else reports it. */
  takeRest(): Message[];
}

/** The worker at the other end of a source. */
export interface Taker {
  readonly name: string;
  /** Whether a delivery may be given right now. */
  readonly isHungry: boolean;
  /** How many more deliveries it has a place for. */
  readonly room: number;
  /** Whether it takes nothing until it is resumed. */
  readonly isPaused: boolean;
  /** Told when it has a place again; for a source that fetches what it gives. */
  onRoom: (() => void) | undefined;
  /** Lets so many more outcomes be unsettled at a time than a worker may have by itself: for a source that settles many in one commit. */
  allowUnsettled(more: number): void;
  /** Takes a delivery; called only while it is hungry. */
  give(delivery: Delivery): void;
  /** Aborts the signal of one delivery's handler, because what it does no longer counts. */
  disown(delivery: Delivery, reason: Error): void;
}

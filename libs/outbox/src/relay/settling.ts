import type { Settlement } from '../store/store.js';
import type { DurableDelivery } from './durable.delivery.js';

/** One settlement on its way to the store. */
export interface Entry {
  readonly delivery: DurableDelivery;
  readonly settlement: Settlement;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  /** It was sent before, and no answer came: it may have been written. */
  isUncertain: boolean;
}

/** The settlements that wait for the next turn. What is put here leaves together, in one commit. */
export class Settling {
  private entries: Entry[] = [];

  get isEmpty(): boolean {
    return this.entries.length === 0;
  }

  /** Resolves when it is committed. */
  add(delivery: DurableDelivery, settlement: Settlement): Promise<void> {
    return new Promise((resolve, reject) => {
      this.entries.push({ delivery, settlement, resolve, reject, isUncertain: false });
    });
  }

  take(atMost: number): Entry[] {
    if (this.entries.length <= atMost) return this.takeAll();
    return this.entries.splice(0, atMost);
  }

  takeAll(): Entry[] {
    const all = this.entries;
    this.entries = [];
    return all;
  }

  /** Back to the front: no answer came. */
  putBack(entries: readonly Entry[]): void {
    for (const entry of entries) entry.isUncertain = true;
    this.entries = [...entries, ...this.entries];
  }
}

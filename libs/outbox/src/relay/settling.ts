import { ClaimLostError } from '../channel/channel.errors.js';
import type { Settlement } from '../store/store.js';
import type { DurableDelivery } from './durable.delivery.js';

/** One settlement on its way to the store. */
export class Entry {
  /** It was sent, and no answer came: it may have been written. */
  isUncertain = false;

  constructor(
    readonly delivery: DurableDelivery,
    readonly settlement: Settlement,
    readonly resolve: () => void,
    readonly reject: (error: Error) => void,
  ) {}

  /** Its claim is lost, and with it the right to say what became of it. */
  lose(cause?: Error): void {
    const { channel, message } = this.delivery;
    const options = cause === undefined ? {} : { cause };
    this.reject(new ClaimLostError(channel.name, message.id, { ...options, mayBeRecorded: this.isUncertain }));
  }
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
      this.entries.push(new Entry(delivery, settlement, resolve, reject));
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

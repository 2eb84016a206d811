import type { Packing } from '../packing.js';
import type { ToHost, Tx, WireFault } from '../protocol.js';
import type { Link } from './link.js';

/**
 * Tells the host what became of each message: entered, done, failed, skipped.
 *
 * Promises: a result and the entry that follows it are one word; a value that cannot cross fails its own message only.
 */
export class Outcomes {
  /** A result that is said with the next entry. */
  private held: readonly [tx: Tx, packed: unknown] | undefined = undefined;

  constructor(
    private readonly link: Link,
    private readonly packing: Packing,
    /** The buffers of a result that are handed over instead of copied. */
    private readonly transfer: ((result: unknown) => readonly ArrayBuffer[]) | undefined,
  ) {}

  entered(tx: Tx): void {
    const { held } = this;
    this.held = undefined;
    this.link.say(held === undefined ? ['entered', tx] : ['done', held[0], held[1], tx]);
  }

  /** `isFollowed` by another entry at once: then the result waits for it, unless buffers go with it. */
  done(tx: Tx, value: unknown, isFollowed: boolean): void {
    try {
      const packed = this.packing.result(value);
      const buffers = this.transfer?.(value) ?? [];
      if (buffers.length > 0 || !isFollowed) this.link.say(['done', tx, packed], buffers);
      else this.hold(tx, packed);
    } catch (error) {
      this.failed(tx, 'serialization_error', error);
    }
  }

  failed(tx: Tx, kind: WireFault, thrown: unknown): void {
    this.link.say(['failed', tx, kind, this.packing.thrown(thrown)]);
  }

  skipped(tx: Tx): void {
    this.link.say(['skipped', tx]);
  }

  /** No entry follows after all. */
  sayHeld(): void {
    const { held } = this;
    this.held = undefined;
    if (held !== undefined) this.link.say(['done', held[0], held[1]]);
  }

  /** The word could not be written. */
  unsaid(word: Extract<ToHost, readonly ['done' | 'failed', ...unknown[]]>, error: Error): void {
    if (word[0] === 'failed') return this.link.say(['failed', word[1], word[2], error.message]);
    this.failed(word[1], 'serialization_error', error);
    if (word[3] !== undefined) this.link.say(['entered', word[3]]);
  }

  private hold(tx: Tx, packed: unknown): void {
    this.sayHeld();
    this.held = [tx, packed];
  }
}

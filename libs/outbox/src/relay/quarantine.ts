import type { Clock } from '@nestjs-workers/core/extension';
import type { DurableDelivery } from './durable.delivery.js';

/**
 * Keeps suspects, messages that a host died with, apart from all others: so that the one that kills its host is found out, and takes
 * nothing with it.
 *
 * While a suspect waits nothing else is claimed, and when everything that was claimed is settled the suspect is; while it runs nothing is
 * claimed beside it. Neither lasts for ever: after a lease's time of waiting the others are not waited for.
 */
export class Quarantine {
  /** How many suspects wait in the store, as far as is known. */
  private waiting = 0;
  private since = 0;

  constructor(
    private readonly held: ReadonlySet<DurableDelivery>,
    private readonly clock: Clock,
    private readonly patienceMs: number,
  ) {}

  /** What the store says of them. */
  note(count: number): void {
    if (count > 0 && this.waiting === 0) this.since = this.clock.now();
    this.waiting = count;
  }

  /** Whether nothing else may be claimed. */
  get isClosed(): boolean {
    return this.waiting > 0 || (this.holdsSuspect && !this.isPatienceOver);
  }

  /** Whether a suspect may be claimed. */
  get isDue(): boolean {
    return this.waiting > 0 && (this.held.size === 0 || this.isPatienceOver);
  }

  /** One was claimed, or none was there. */
  claimed(isOne: boolean): void {
    this.since = this.clock.now();
    this.waiting = isOne ? this.waiting - 1 : 0;
  }

  private get holdsSuspect(): boolean {
    for (const { claimed } of this.held) if (claimed.isSuspect) return true;
    return false;
  }

  /** Whether a lease's time has passed since a suspect was known of, or claimed. */
  private get isPatienceOver(): boolean {
    return this.clock.now() - this.since > this.patienceMs;
  }
}

import type { Clock, Timer } from '@nestjs-workers/core/extension';
import type { Host, Seat, Store } from '../store/store.js';

/** What a seating is made of. */
export interface SeatingParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly host: Omit<Host, 'onLost'>;
  /** The seat is lost, and everything that was claimed on it. */
  readonly onLost: (reason: Error) => void;
}

/**
 * The seat of this process: takes one, renews its lease, and knows when it is lost.
 *
 * Promises: a lease that was not renewed in time is over here before it is over in the store, so nobody else runs what this process
 * still believes to be its own, also when the store cannot be reached and its word does not arrive. `onLost` is called once for a seat.
 * Does not promise: anything for a process that stands still; it learns of its loss when it goes on.
 */
export class Seating {
  private taken: Seat | undefined;
  private expiry: Timer | undefined;

  constructor(private readonly parts: SeatingParts) {}

  /** Undefined while there is none. */
  get seat(): Seat | undefined {
    return this.taken;
  }

  /** Takes a seat. @throws StoreUnreachableError, or why it was lost before it was known */
  async take(): Promise<void> {
    const { clock, host, store } = this.parts;
    const askedAt = clock.now();
    let seat: Seat | undefined = undefined;
    let lostEarly: Error | undefined;
    seat = await store.enroll({
      ...host,
      onLost: (reason) => {
        if (seat === undefined) lostEarly = reason;
        else this.lose(seat, reason);
      },
    });
    if (lostEarly !== undefined) throw lostEarly;
    if (clock.now() - askedAt >= host.leaseMs) {
      // What it costs to leave is not waited for: the store is slow as it is.
      seat.leave().catch(() => {});
      throw new Error('The store took longer than a lease to give a seat');
    }
    this.taken = seat;
    this.expireLater(seat, askedAt);
  }

  /** Renews the lease of what is claimed; false when there is no seat, or no more. */
  async renew(): Promise<boolean> {
    const seat = this.taken;
    if (seat === undefined) return false;
    const askedAt = this.parts.clock.now();
    const isSeated = await seat.extend();
    if (this.taken !== seat) return false;
    if (isSeated) return this.expireLater(seat, askedAt);
    this.lose(seat, new Error('the lease was not renewed in time'));
    return false;
  }

  /** Gives everything back that is claimed on it. */
  async leave(): Promise<void> {
    const seat = this.taken;
    this.taken = undefined;
    this.expiry?.cancel();
    await seat?.leave();
  }

  private lose(seat: Seat, reason: Error): void {
    if (this.taken !== seat) return;
    this.taken = undefined;
    this.expiry?.cancel();
    this.parts.onLost(reason);
  }

  /** The store counts from when it was asked at the earliest. False when the time was over before its answer came. */
  private expireLater(seat: Seat, askedAt: number): boolean {
    const { clock, host } = this.parts;
    const expire = (): void =>
      this.lose(seat, new Error(`the lease of ${host.leaseMs} ms ran out and could not be renewed`));
    this.expiry?.cancel();
    const leftMs = askedAt + host.leaseMs - clock.now();
    if (leftMs <= 0) expire();
    else this.expiry = clock.after(leftMs, expire);
    this.expiry?.hold(false);
    return leftMs > 0;
  }
}

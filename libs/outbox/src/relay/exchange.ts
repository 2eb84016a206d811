import { type Announcer, asError } from '@nestjs-workers/core/extension';
import { StoreUnreachableError } from '../store/store.errors.js';
import type { Claimed, Seat, Store, Wanted } from '../store/store.js';
import type { Deliveries } from './deliveries.js';
import { type DurableDelivery, isLastResort } from './durable.delivery.js';
import type { Pauses } from './pauses.js';
import type { Quarantine } from './quarantine.js';
import type { Seating } from './seating.js';
import type { Entry, Settling } from './settling.js';
import type { Sources } from './sources.js';

/** What an exchange is made of. */
export interface ExchangeParts {
  readonly store: Store;
  readonly batch: number;
  readonly announcer: Announcer;
  readonly seating: Seating;
  readonly held: Set<DurableDelivery>;
  readonly settling: Settling;
  readonly sources: Sources;
  readonly quarantine: Quarantine;
  readonly deliveries: Deliveries;
  readonly pauses: Pauses;
  readonly isClaiming: () => boolean;
  /** A result was routed to a channel that nobody here takes from now. */
  readonly onRoutedAway: (channel: string) => void;
}

/**
 * What a relay says to its store and hears from it: what came to an outcome is settled and what there is room for is claimed, in one
 * transaction.
 *
 * It is `clear` what this process holds, or `unclear` since an answer was lost: then everything that may have been written is settled
 * once more, and the store gives back what this process does not know of, before anything is claimed.
 *
 * Promises: no turn throws; an unreachable store is asked again, ever more rarely; what it takes exception to is settled one by one, and
 * takes nothing else with it.
 */
export class Exchange {
  private knowledge: 'clear' | 'unclear' = 'clear';
  private failures = 0;

  constructor(private readonly parts: ExchangeParts) {}

  /** Whether another turn would find something to do. */
  get hasMore(): boolean {
    const { settling, quarantine, isClaiming } = this.parts;
    const isUnsaid = !settling.isEmpty || this.knowledge === 'unclear';
    return isUnsaid || (isClaiming() && (quarantine.isDue || this.wanted().length > 0));
  }

  async turn(seat: Seat): Promise<void> {
    const entries = this.parts.settling.take(this.parts.batch);
    try {
      if (this.knowledge === 'unclear') await this.clearUp(seat, entries);
      else await this.trade(seat, entries);
    } catch (error) {
      await this.troubled(seat, entries, error);
    }
  }

  private async trade(seat: Seat, entries: Entry[]): Promise<void> {
    const { sources, quarantine, isClaiming } = this.parts;
    const wanted = this.wanted();
    if (entries.length + wanted.length === 0) {
      if (quarantine.isDue && isClaiming()) await this.claimSuspect(seat);
      return;
    }
    sources.ask(wanted);
    this.knowledge = 'unclear';
    const { fenced, claimed } = await this.send(seat, entries, wanted);
    this.answered();
    this.settled(entries.splice(0), fenced, false);
    this.received(seat, claimed, wanted);
  }

  private send(seat: Seat, entries: readonly Entry[], wanted: readonly Wanted[]) {
    const { store } = this.parts;
    const settlements = entries.map(({ settlement }) => settlement);
    if (wanted.length === 0) return store.settle(seat, settlements).then((fenced) => ({ fenced, claimed: [] }));
    if (entries.length === 0) return store.claim(seat, wanted).then((claimed) => ({ fenced: [], claimed }));
    return store.exchange(seat, settlements, wanted);
  }

  private async claimSuspect(seat: Seat): Promise<void> {
    const { store, sources, quarantine } = this.parts;
    this.knowledge = 'unclear';
    const found = await store.claimSuspect(seat, sources.open);
    this.answered();
    quarantine.claimed(found !== undefined);
    if (found !== undefined) this.received(seat, [found], []);
  }

  /** What there is room for, of channels that may have something. */
  private wanted(): Wanted[] {
    const { quarantine, sources, batch, isClaiming } = this.parts;
    return isClaiming() && !quarantine.isClosed ? sources.wanted(batch) : [];
  }

  private received(seat: Seat, claimed: readonly Claimed[], wanted: readonly Wanted[]): void {
    const { seating, sources, deliveries } = this.parts;
    const counts = new Map<string, number>();
    for (const { channel } of claimed) counts.set(channel, (counts.get(channel) ?? 0) + 1);
    sources.answered(wanted, counts);
    // What was claimed on a seat that is lost belongs to others.
    if (seating.seat === seat) for (const one of claimed) deliveries.hand(one, sources.roomiest(one.channel));
  }

  /** @param isOurs whether the seat was certainly never lost: then nobody else can have settled what is refused, and it is written */
  private settled(entries: readonly Entry[], fenced: readonly number[], isOurs: boolean): void {
    const { held, sources } = this.parts;
    const refused = new Set(fenced);
    for (const entry of entries) {
      const { delivery, settlement } = entry;
      held.delete(delivery);
      if (refused.has(settlement.id) && !(entry.isUncertain && isOurs)) {
        entry.lose();
        continue;
      }
      entry.resolve();
      if (settlement.type !== 'done') continue;
      for (const { channel } of settlement.routed) {
        const here = sources.of(channel);
        for (const source of here) source.wake();
        if (here.every(({ taker }) => taker.isPaused)) this.parts.onRoutedAway(channel);
      }
    }
  }

  // --- when the store fails ---

  /** The order matters: what was settled without our knowledge may have been claimed again without our knowledge. */
  private async clearUp(seat: Seat, entries: Entry[]): Promise<void> {
    const { store, seating, held, sources } = this.parts;
    if (entries.length > 0) await this.settleOnce(seat, entries);
    if (seating.seat !== seat) return;
    const returned = await store.recount(
      seat,
      [...held].map(({ claimed }) => claimed.id),
    );
    this.answered();
    if (returned > 0) for (const source of sources.all) source.wake();
  }

  /** Settles what may have been settled before. */
  private async settleOnce(seat: Seat, entries: Entry[]): Promise<void> {
    const { store, seating } = this.parts;
    const settlements = entries.map(({ settlement }) => settlement);
    const fenced = await store.settle(seat, settlements);
    // Asked of this seat: one that was taken since says nothing of what was written on the old one.
    const isOurs = fenced.length > 0 && seating.seat === seat && (await seating.renew());
    this.settled(entries.splice(0), fenced, isOurs);
  }

  private answered(): void {
    const { announcer, store } = this.parts;
    this.knowledge = 'clear';
    if (this.failures === 0) return;
    this.failures = 0;
    announcer.announce('workers.relay', { store: store.kind, state: 'claiming', error: undefined });
  }

  /** @param entries those that no answer came for */
  private async troubled(seat: Seat, entries: readonly Entry[], error: unknown): Promise<void> {
    const { announcer, store, settling, seating, sources, pauses } = this.parts;
    sources.unanswered();
    if (seating.seat !== seat) return this.lose(entries);
    const isUnreachable = error instanceof StoreUnreachableError;
    if (!isUnreachable && entries.length > 0) return this.settleOneByOne(seat, entries);
    settling.putBack(entries);
    if (this.failures++ === 0)
      announcer.announce('workers.relay', { store: store.kind, state: 'unreachable', error: asError(error) });
    return pauses.after(this.failures);
  }

  /** They were on their way when the seat was lost. */
  private lose(entries: readonly Entry[]): void {
    for (const entry of entries) {
      entry.isUncertain = true;
      entry.lose();
    }
  }

  /** One of them cannot be written as it is; the others are settled without it. */
  private async settleOneByOne(seat: Seat, entries: readonly Entry[]): Promise<void> {
    const left = [...entries];
    for (const entry of entries) {
      try {
        await this.settleOnce(seat, [entry]);
      } catch (error) {
        if (error instanceof StoreUnreachableError || this.parts.seating.seat !== seat)
          return this.troubled(seat, left, error);
        this.unwritten(entry, asError(error));
      }
      left.shift();
    }
  }

  /** What can neither be written as a dead letter nor given back is held no more: the next recount gives it back, and it is tried again. */
  private unwritten({ delivery, settlement, reject }: Entry, error: Error): void {
    if (settlement.type === 'release' || isLastResort(settlement)) this.parts.held.delete(delivery);
    reject(error);
  }
}

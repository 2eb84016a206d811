import type { Announcer, Fault, Follower } from '@nestjs-workers/core/extension';
import { ClaimLostError } from '../channel/channel.errors.js';
import type { Settlement } from '../store/store.js';
import type { Claimer, DurableDelivery } from './durable.delivery.js';
import type { Luck } from './luck.js';
import type { ResolvedRelayOptions } from './relay.options.js';
import { Settling } from './settling.js';
import type { Sources } from './sources.js';

/** What the claims of a relay are made of. */
export interface ClaimsParts {
  readonly name: string;
  readonly options: ResolvedRelayOptions;
  readonly announcer: Announcer;
  readonly luck: Luck;
  readonly sources: Sources;
  readonly isAskedFor: (id: number) => boolean;
  readonly onFinished: (id: number) => void;
  readonly onDelayed: (delayMs: number) => void;
  /** There is something to settle; with a channel, something on it may be claimed then. */
  readonly onSettling: (frees: string | undefined) => void;
}

/**
 * What this process holds in its store, until it is settled or lost.
 *
 * Promises: every settlement comes to an end, by the end of the lease at the latest; a claim that is lost aborts its handler's signal.
 * Does not promise: that an outcome is recorded when the seat was lost first; then the message runs again elsewhere.
 *
 * Invariant: `held` are the claims of the present seat that this process knows of and that are not settled, without those that the store
 * would not let it settle: the next recount gives them back.
 */
export class Claims implements Claimer {
  readonly held = new Set<DurableDelivery>();
  readonly settling = new Settling();

  constructor(private readonly parts: ClaimsParts) {}

  get hostName(): string {
    return this.parts.options.hostId;
  }

  get maxCrashes(): number {
    return this.parts.options.maxCrashes;
  }

  get follower(): Follower | undefined {
    return this.parts.announcer.follower;
  }

  chance(): number {
    return this.parts.luck.chance();
  }

  isAskedFor(id: number): boolean {
    return this.parts.isAskedFor(id);
  }

  fault(error: unknown): void {
    this.parts.announcer.fault(this.parts.name, error);
  }

  settle(delivery: DurableDelivery, settlement: Settlement): Promise<void> {
    const { channel, message, claimed } = delivery;
    if (!this.held.has(delivery)) return Promise.reject(new ClaimLostError(channel.name, message.id));
    const settled = this.settling.add(delivery, settlement);
    // The store tells of it only where the message was put by somebody who waits.
    if (this.isAskedFor(claimed.id))
      void settled.then(
        () => this.parts.onFinished(claimed.id),
        () => {},
      );
    // The next one of its key, or this one itself, may be claimed in the same transaction.
    const frees = claimed.key !== null || (settlement.type === 'retry' && settlement.afterMs <= 0);
    this.parts.onSettling(frees ? channel.name : undefined);
    return settled;
  }

  failed(delivery: DurableDelivery, settlement: Settlement, { error }: Fault, waitMs: number): void {
    const { announcer, sources, onDelayed } = this.parts;
    const { channel, message } = delivery;
    const about = { channel: channel.name, messageId: message.id, attempt: message.attempt };
    if (settlement.type === 'bury')
      announcer.announce('workers.buried', { ...about, reason: settlement.reason, error });
    if (settlement.type !== 'retry') return;
    onDelayed(settlement.afterMs);
    const worker = sources.of(channel.name)[0]?.taker.name ?? channel.name;
    announcer.announce('workers.retry', { ...about, worker, waitMs, retryInMs: settlement.afterMs, error });
  }

  /** The seat is lost: others may run from now on what was claimed on it. */
  lose(reason: Error): void {
    const lost = [...this.held];
    this.held.clear();
    for (const entry of this.settling.takeAll()) entry.lose(reason);
    for (const delivery of lost) {
      const { channel, message } = delivery;
      const error = new ClaimLostError(channel.name, message.id, { cause: reason });
      for (const { taker } of this.parts.sources.of(channel.name)) taker.disown(delivery, error);
    }
  }
}

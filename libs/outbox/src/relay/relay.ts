import type { Channel } from '@nestjs-workers/core';
import type { Announcer, Clock, Relay, ReplyAddress, Taker } from '@nestjs-workers/core/extension';
import type { DurableChannel } from '../channel/durable.channel.js';
import type { Seat, Store } from '../store/store.js';
import { Claims } from './claims.js';
import { Deliveries } from './deliveries.js';
import { DurableSource } from './durable.source.js';
import { Exchange } from './exchange.js';
import { type Luck, REAL_LUCK } from './luck.js';
import { Pauses } from './pauses.js';
import { Quarantine } from './quarantine.js';
import type { ResolvedRelayOptions } from './relay.options.js';
import { Seating } from './seating.js';
import { Sources } from './sources.js';

/** What a relay is made of. */
export interface RelayParts {
  readonly store: Store;
  readonly options: ResolvedRelayOptions;
  readonly clock: Clock;
  readonly announcer: Announcer;
  readonly migrate: boolean;
  /** The caller in this process that waits for a message. */
  readonly callerOf: (id: number) => ReplyAddress | undefined;
  /** Whether somebody in this process waits for the outcome of a message that another one put. */
  readonly isAskedFor?: (id: number) => boolean;
  readonly onFinished: (id: number) => void;
  /** Told when something is due that is not ready yet, in milliseconds from now. */
  readonly onDelayed: (delayMs: number) => void;
  /** Told of a channel on which a result was routed and that has no worker here. */
  readonly onRoutedAway?: (channel: string) => void;
  readonly luck?: Luck;
}

/**
 * Claims messages from a store for the workers of this process, and settles them.
 *
 * States: `idle` -> `claiming` -> `draining`, when nothing is claimed any more -> `closing`, when nothing comes to an outcome any more
 * -> `closed`. While it claims it may lose its seat and take another.
 *
 * One turn settles what came to an outcome and claims what there is room for, in one transaction; while a turn finds work the next one
 * follows at once. It is rung when something is put, when a worker has room, when another process says so, and by the poll.
 *
 * Promises: it claims only for channels with a worker that are not paused, and only as much as there is room for; an error of the store
 * ends nothing: it is told, and tried again with backoff; what was not started goes back at the stop. What its claims promise is said
 * there.
 */
export class OutboxRelay implements Relay {
  readonly name = 'outbox relay';
  private state: 'idle' | 'claiming' | 'draining' | 'closing' | 'closed' = 'idle';
  private readonly sources = new Sources();
  private readonly luck: Luck;
  private readonly claims: Claims;
  private readonly seating: Seating;
  private readonly quarantine: Quarantine;
  private readonly deliveries: Deliveries;
  private readonly pauses: Pauses;
  private readonly exchange: Exchange;
  private isRung = false;
  private resume: () => void = () => {};
  private starting: Promise<void> | undefined;
  private looping: Promise<void> | undefined;
  private enrolling: Promise<void> | undefined;
  private closing: Promise<void> | undefined;

  constructor(private readonly parts: RelayParts) {
    const { store, options, clock, announcer, callerOf, onFinished, onDelayed, luck = REAL_LUCK } = parts;
    const { onRoutedAway = () => {}, isAskedFor = () => false } = parts;
    const { name, sources } = this;
    const isClaiming = (): boolean => this.state === 'claiming';
    const onSettling = (frees: string | undefined): void => (frees === undefined ? this.ring() : this.wake(frees));
    this.luck = luck;
    const claiming = { options, announcer, luck, sources, isAskedFor, onFinished, onDelayed, onSettling };
    this.claims = new Claims({ name, ...claiming });
    const { held, settling } = this.claims;
    this.pauses = new Pauses(clock, () => luck.chance());
    this.quarantine = new Quarantine(held, clock, options.lease);
    const host = {
      name: options.hostId,
      leaseMs: options.lease,
      onWake: (channels: readonly string[] | undefined) => this.heard(channels),
      onFinished,
      onFault: (error: unknown) => announcer.fault(name, error),
    };
    this.seating = new Seating({ store, clock, host, onLost: (reason) => this.lost(reason) });
    this.deliveries = new Deliveries({ name, claimer: this.claims, held, clock, announcer, callerOf, isClaiming });
    const { seating, quarantine, deliveries, pauses } = this;
    const nouns = { seating, held, settling, sources, quarantine, deliveries, pauses };
    this.exchange = new Exchange({ store, batch: options.batch, announcer, isClaiming, onRoutedAway, ...nouns });
  }

  /** The seat that this process claims on; undefined while it has none. */
  get place(): Seat | undefined {
    return this.state === 'claiming' ? this.seating.seat : undefined;
  }

  /** How it stands with its store. */
  get condition(): 'idle' | 'claiming' | 'lost' | 'stopped' {
    if (this.state === 'idle') return 'idle';
    if (this.state === 'claiming') return this.seating.seat === undefined ? 'lost' : 'claiming';
    return 'stopped';
  }

  /** The channels that have a worker here. */
  get channels(): readonly string[] {
    return this.sources.channels;
  }

  /** Those of them that something may be claimed from now. */
  get openChannels(): readonly string[] {
    return this.sources.open;
  }

  sourceFor(channel: DurableChannel, taker: Taker, routed: Channel | undefined): DurableSource {
    const source = new DurableSource(
      channel,
      taker,
      routed,
      () => this.state === 'claiming',
      () => this.parts.clock.now(),
    );
    this.sources.add(source);
    taker.onRoom = () => {
      if (source.wish > 0) this.ring();
    };
    return source;
  }

  // --- its life ---

  async open(): Promise<void> {
    await this.parts.store.open({ migrate: this.parts.migrate });
  }

  /** @throws StoreUnreachableError; it may be started again then */
  async start(): Promise<void> {
    if (this.state !== 'idle') return this.starting;
    this.state = 'claiming';
    this.starting = this.begin();
    return this.starting;
  }

  private async begin(): Promise<void> {
    try {
      await this.deliveries.prepare(await this.parts.store.installation(), this.sources.all);
      await this.seating.take();
    } catch (error) {
      if (this.state === 'claiming') this.state = 'idle';
      throw error;
    }
    this.looping = this.loop();
    this.tell('claiming');
    this.lookEverywhere();
  }

  /** Claims nothing more, and gives back what no handler was entered with. */
  stop(): void {
    if (this.state === 'idle') this.state = 'closed';
    if (this.state !== 'claiming') return;
    this.state = 'draining';
    for (const source of this.sources.all) source.giveBack();
    this.goOn();
  }

  /** Settles what is left to settle, and leaves. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    this.stop();
    if (this.state === 'closed') return;
    this.state = 'closing';
    this.goOn();
    await this.starting?.catch(() => {});
    await this.looping;
    await this.enrolling;
    this.state = 'closed';
    // A seat that cannot be left is found empty when its lease is over.
    await this.seating.leave().catch((error: unknown) => this.parts.announcer.fault(this.name, error));
    if (this.looping !== undefined) this.tell('stopped');
  }

  // --- what it is told ---

  /** Something was put on `channel`. */
  wake(channel: string): void {
    for (const source of this.sources.of(channel)) source.wake();
    this.ring();
  }

  /** Something may be on any channel. */
  lookEverywhere(): void {
    for (const source of this.sources.all) source.wake();
    this.ring();
  }

  /** Something was put on these channels, or on any; it may be delayed, and for less than the time until that is looked after. */
  heard(channels: readonly string[] | undefined): void {
    if (channels === undefined) this.lookEverywhere();
    else for (const channel of channels) this.wake(channel);
    this.delayed(this.parts.options.pollInterval);
  }

  /** Something that was put, or that failed, is due in `delayMs`. */
  delayed(delayMs: number): void {
    this.parts.onDelayed(delayMs);
  }

  /** Gives back what was claimed in advance for workers that stand still. */
  reconsider(): void {
    for (const source of this.sources.all) source.reconsider();
  }

  /** From which channels nothing is claimed. */
  notePaused(channels: ReadonlySet<string>): void {
    this.sources.pause(channels);
    this.ring();
  }

  /** How many messages wait to be run with nothing beside them. */
  noteSuspects(count: number): void {
    this.quarantine.note(count);
    if (count > 0) this.ring();
  }

  /** Renews the lease of what is claimed; until the end, because what is claimed is settled until then. */
  async renew(): Promise<void> {
    await this.seating.renew();
  }

  // --- the loop ---

  private ring(): void {
    this.isRung = true;
    this.resume();
  }

  /** The same, for one that waits because the store failed. */
  private goOn(): void {
    this.pauses.cutShort();
    this.ring();
  }

  private async loop(): Promise<void> {
    while (!this.isOver) {
      if (!this.isRung) await new Promise<void>((resolve) => (this.resume = resolve));
      this.isRung = false;
      // What comes to an outcome in this round of the event loop leaves in one commit.
      await this.luck.nextTurn();
      const { seat } = this.seating;
      if (seat === undefined) continue;
      await this.exchange.turn(seat);
      if (this.exchange.hasMore) this.ring();
    }
    // What is not settled by now goes back with the seat.
    this.claims.held.clear();
  }

  private get isOver(): boolean {
    return this.state === 'closing' && (this.claims.settling.isEmpty || this.seating.seat === undefined);
  }

  // --- when the seat is lost ---

  /** Others may run from now on what was claimed on it. */
  private lost(reason: Error): void {
    this.tell('lost', reason);
    for (const source of this.sources.all) source.forget();
    this.claims.lose(reason);
    this.goOn();
    if (this.state === 'claiming') this.enrolling = this.enrollAgain();
  }

  private async enrollAgain(): Promise<void> {
    for (let failures = 1; this.state === 'claiming'; failures++) {
      try {
        await this.seating.take();
        this.tell('claiming');
        return this.lookEverywhere();
      } catch (error) {
        if (failures === 1) this.parts.announcer.fault(this.name, error);
        await this.pauses.after(failures);
      }
    }
  }

  private tell(state: 'claiming' | 'lost' | 'stopped', error?: Error): void {
    this.parts.announcer.announce('workers.relay', { store: this.parts.store.kind, state, error });
  }
}

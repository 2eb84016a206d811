import { type Channel, PayloadInvalidError } from '@nestjs-workers/core';
import {
  type Announcer,
  asError,
  type Clock,
  type Fault,
  payloadCheck,
  type Relay,
  type ReplyAddress,
  StoredMessage,
  type Taker,
} from '@nestjs-workers/core/extension';
import { ClaimLostError } from '../channel/channel.errors.js';
import type { DurableChannel } from '../channel/durable.channel.js';
import { StoreUnreachableError } from '../store/store.errors.js';
import type { Claimed, Seat, Settlement, Store, Wanted } from '../store/store.js';
import { type Claimer, DurableDelivery } from './durable.delivery.js';
import { DurableReply } from './durable.reply.js';
import { DurableSource } from './durable.source.js';
import type { ResolvedRelayOptions } from './relay.options.js';
import { type Entry, Settling } from './settling.js';

/** What a relay is made of. */
export interface RelayParts {
  readonly store: Store;
  readonly options: ResolvedRelayOptions;
  readonly clock: Clock;
  readonly announcer: Announcer;
  readonly migrate: boolean;
  /** The caller in this process that waits for a message. */
  readonly callerOf: (id: number) => ReplyAddress | undefined;
  readonly onFinished: (id: number) => void;
  readonly luck: Luck;
}

/** What no two runs have in common; a simulation lends its own. */
export interface Luck {
  /** From 0 to 1. */
  chance(): number;
  /** Resolves when the event loop has gone round. */
  nextTurn(): Promise<void>;
}

export const REAL_LUCK: Luck = {
  chance: Math.random,
  nextTurn: () => new Promise((resolve) => setImmediate(resolve)),
};

/** The first wait after the store failed, and the longest. */
const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 5_000;

type State =
  | { readonly type: 'idle' }
  | { readonly type: 'claiming' }
  /** Nothing is claimed any more; what was claimed is settled. */
  | { readonly type: 'draining' }
  | { readonly type: 'closed' };

/**
 * Claims messages from a store for the workers of this process, and settles them.
 *
 * States: `idle` -> `claiming` -> `draining` -> `closed`. While it claims it may lose its seat and take another.
 *
 * One turn settles what came to an outcome and claims what there is room for, in one transaction; while a turn finds work the next one
 * follows at once. It is rung when something is put, when a worker has room, when another process says so, and by the poll.
 *
 * Promises: it claims only for channels with a worker, and only as much as there is room for; an error of the store ends nothing: it is
 * told, and tried again with backoff; a claim that is lost aborts its handler's signal; what was not started goes back at the stop.
 * Does not promise: that an outcome is recorded when the seat was lost first; then the message runs again elsewhere.
 *
 * Invariant: `held` are exactly the claims of the present seat that this process knows of and that are not settled.
 */
export class OutboxRelay implements Relay, Claimer {
  readonly name = 'outbox relay';
  private state: State = { type: 'idle' };
  private seat: Seat | undefined;
  private installation = '';
  private readonly sources = new Map<string, DurableSource[]>();
  private readonly held = new Set<DurableDelivery>();
  private readonly settling = new Settling();
  private readonly checks = new Map<string, (payload: unknown) => unknown>();
  /** How many messages wait to be run alone, because a host died with them. */
  private suspects = 0;
  private suspectsSince = 0;
  private failures = 0;
  private isUnclear = false;
  private isRung = false;
  private resume: () => void = () => {};
  private looping: Promise<void> | undefined;
  private enrolling: Promise<void> | undefined;

  constructor(private readonly parts: RelayParts) {}

  get hostName(): string {
    return this.parts.options.hostId;
  }

  get maxCrashes(): number {
    return this.parts.options.maxCrashes;
  }

  /** The seat that this process claims on; undefined while it has none. */
  get place(): Seat | undefined {
    return this.state.type === 'claiming' ? this.seat : undefined;
  }

  /** The channels that have a worker here. */
  get channels(): readonly string[] {
    return [...this.sources.keys()];
  }

  chance(): number {
    return this.parts.luck.chance();
  }

  sourceFor(channel: DurableChannel, taker: Taker, routed: Channel | undefined): DurableSource {
    const source = new DurableSource(channel, taker, routed, () => this.state.type === 'claiming');
    this.sources.set(channel.name, [...(this.sources.get(channel.name) ?? []), source]);
    taker.onRoom = () => {
      if (source.mayHaveMore) this.ring();
    };
    return source;
  }

  async open(): Promise<void> {
    await this.parts.store.open({ migrate: this.parts.migrate });
    this.installation = await this.parts.store.installation();
  }

  async start(): Promise<void> {
    if (this.state.type !== 'idle') return;
    await this.prepareChecks();
    await this.enroll();
    this.state = { type: 'claiming' };
    this.looping = this.loop();
    this.parts.announcer.announce('workers.relay', {
      store: this.parts.store.kind,
      state: 'claiming',
      error: undefined,
    });
    this.lookEverywhere();
  }

  /** Claims nothing more, and gives back what no handler was entered with. */
  stop(): void {
    if (this.state.type === 'idle') this.state = { type: 'closed' };
    if (this.state.type !== 'claiming') return;
    this.state = { type: 'draining' };
    for (const source of this.everySource()) source.giveBack();
    this.ring();
  }

  /** Settles what is left to settle, and leaves. */
  async close(): Promise<void> {
    const wasOpen = this.looping !== undefined;
    this.stop();
    if (wasOpen) await this.settleRest();
    this.state = { type: 'closed' };
    this.ring();
    await this.looping;
    await this.enrolling;
    await this.seat?.leave();
    if (wasOpen)
      this.parts.announcer.announce('workers.relay', {
        store: this.parts.store.kind,
        state: 'stopped',
        error: undefined,
      });
  }

  /** Something was put on `channel`. */
  wake(channel: string): void {
    for (const source of this.sources.get(channel) ?? []) source.mayHaveMore = true;
    this.ring();
  }

  /** Something may be on any channel. */
  lookEverywhere(): void {
    for (const source of this.everySource()) source.mayHaveMore = true;
    this.ring();
  }

  /** How many messages wait to be run with nothing beside them. */
  noteSuspects(count: number): void {
    if (count > 0 && this.suspects === 0) this.suspectsSince = this.parts.clock.now();
    this.suspects = count;
    if (count > 0) this.ring();
  }

  settle(delivery: DurableDelivery, settlement: Settlement): Promise<void> {
    if (!this.held.has(delivery)) return Promise.reject(this.lost(delivery));
    const settled = this.settling.add(delivery, settlement);
    this.ring();
    return settled;
  }

  failed(delivery: DurableDelivery, settlement: Settlement, { error }: Fault, waitMs: number): void {
    const { announcer } = this.parts;
    const { channel, message } = delivery;
    const about = { channel: channel.name, messageId: message.id, attempt: message.attempt };
    if (settlement.type === 'bury')
      announcer.announce('workers.buried', { ...about, reason: settlement.reason, error });
    if (settlement.type !== 'retry') return;
    const worker = (this.sources.get(channel.name) ?? [])[0]?.taker.name ?? channel.name;
    announcer.announce('workers.retry', { ...about, worker, waitMs, retryInMs: settlement.afterMs, error });
  }

  /** The seat is lost: others may run from now on what was claimed on it. */
  lose(seat: Seat, reason: Error): void {
    if (this.seat !== seat) return;
    this.seat = undefined;
    const { announcer, store } = this.parts;
    announcer.announce('workers.relay', { store: store.kind, state: 'lost', error: reason });
    for (const source of this.everySource()) source.forget();
    const lost = [...this.held];
    this.held.clear();
    for (const entry of this.settling.takeAll()) entry.reject(this.lost(entry.delivery, reason));
    for (const delivery of lost) {
      const error = this.lost(delivery, reason);
      for (const { taker } of this.sources.get(delivery.channel.name) ?? []) taker.disown(delivery, error);
    }
    if (this.state.type === 'claiming') this.enrolling = this.enrollAgain();
  }

  // --- the loop ---

  private ring(): void {
    this.isRung = true;
    this.resume();
  }

  private async loop(): Promise<void> {
    while (this.state.type !== 'closed') {
      if (!this.isRung) await new Promise<void>((resolve) => (this.resume = resolve));
      this.isRung = false;
      // What comes to an outcome in this round of the event loop leaves in one commit.
      await this.parts.luck.nextTurn();
      await this.turn();
    }
  }

  private async turn(): Promise<void> {
    const { seat } = this;
    if (seat === undefined) return;
    const entries = this.settling.take(this.parts.options.batch);
    try {
      if (this.isUnclear) await this.recount(seat);
      const wanted = this.wanted();
      if (entries.length === 0 && wanted.length === 0) {
        if (this.isSuspectDue) await this.claimSuspect(seat);
        return;
      }
      this.isUnclear = true;
      const { fenced, claimed } = await this.exchange(seat, entries, wanted);
      this.isUnclear = false;
      this.recovered();
      this.settled(seat, entries, fenced);
      this.received(seat, claimed, wanted);
    } catch (error) {
      await this.troubled(seat, entries, error);
    }
    if (!this.settling.isEmpty || this.wanted().length > 0 || this.isSuspectDue) this.ring();
  }

  private async exchange(seat: Seat, entries: readonly Entry[], wanted: readonly Wanted[]) {
    const { store } = this.parts;
    const settlements = entries.map(({ settlement }) => settlement);
    if (wanted.length === 0) return { fenced: await store.settle(seat, settlements), claimed: [] };
    if (entries.length === 0) return { fenced: [], claimed: await store.claim(seat, wanted) };
    return store.exchange(seat, settlements, wanted);
  }

  /** What there is room for, of channels that may have something. */
  private wanted(): Wanted[] {
    if (this.state.type !== 'claiming' || this.suspects > 0) return [];
    const wanted: Wanted[] = [];
    for (const [channel, sources] of this.sources) {
      let room = 0;
      for (const source of sources) if (source.mayHaveMore) room += Math.max(0, source.room);
      if (room > 0) wanted.push({ channel, room: Math.min(room, this.parts.options.batch) });
    }
    return wanted;
  }

  private settled(seat: Seat, entries: readonly Entry[], fenced: readonly number[]): void {
    const refused = new Set(fenced);
    for (const entry of entries) {
      const { delivery, settlement, isUncertain } = entry;
      this.held.delete(delivery);
      // On a seat that was never lost nobody else can have settled it: it was written the first time.
      const isWritten = !refused.has(settlement.id) || (isUncertain && this.seat === seat);
      if (isWritten) entry.resolve();
      else entry.reject(this.lost(delivery));
      if (settlement.type === 'done' && settlement.routed.length > 0) this.wakeRouted(settlement.routed);
    }
  }

  private wakeRouted(routed: readonly { readonly channel: string }[]): void {
    for (const { channel } of routed) this.wake(channel);
  }

  private received(seat: Seat, claimed: readonly Claimed[], wanted: readonly Wanted[]): void {
    const counts = new Map<string, number>();
    for (const one of claimed) {
      counts.set(one.channel, (counts.get(one.channel) ?? 0) + 1);
      void this.hand(seat, one);
    }
    for (const { channel, room } of wanted) {
      if ((counts.get(channel) ?? 0) >= room) continue;
      for (const source of this.sources.get(channel) ?? []) source.mayHaveMore = false;
    }
  }

  /** Makes a delivery of a claim and gives it to the worker that has the most room. */
  private hand(seat: Seat, claimed: Claimed): void | Promise<void> {
    const sources = this.sources.get(claimed.channel) as DurableSource[];
    const source = sources.reduce((best, one) => (one.room > best.room ? one : best));
    const { channel, routed } = source;
    const reply = claimed.wantsResult ? new DurableReply(this.parts.callerOf(claimed.id)) : undefined;
    const deliver = (payload: unknown, headers: Readonly<Record<string, string>> | undefined): DurableDelivery =>
      new DurableDelivery(claimed, channel, this.message(claimed, payload, headers, reply), reply, routed, this);
    try {
      const { payload, headers } = channel.envelope.read(claimed);
      const check = this.checks.get(channel.name);
      if (claimed.isExpired) return this.expire(deliver(payload, headers));
      if (check === undefined) return this.give(seat, source, deliver(payload, headers));
      return this.checkAndGive(seat, source, check, payload, (rebuilt) => deliver(rebuilt, headers));
    } catch (error) {
      return this.unreadable(deliver(undefined, undefined), error);
    }
  }

  private async checkAndGive(
    seat: Seat,
    source: DurableSource,
    check: (payload: unknown) => unknown,
    payload: unknown,
    deliver: (payload: unknown) => DurableDelivery,
  ): Promise<void> {
    const raw = deliver(payload);
    this.held.add(raw);
    try {
      const rebuilt = await check(payload);
      if (!this.held.delete(raw)) return;
      this.give(seat, source, deliver(rebuilt));
    } catch (error) {
      if (this.held.has(raw)) await this.unreadable(raw, error);
    }
  }

  private give(seat: Seat, source: DurableSource, delivery: DurableDelivery): void {
    if (this.seat !== seat) return;
    this.held.add(delivery);
    if (this.state.type === 'claiming') source.put(delivery);
    else delivery.giveBack();
  }

  private expire(delivery: DurableDelivery): Promise<void> {
    this.held.add(delivery);
    const { claimed, channel, message } = delivery;
    channel.books.drop(message, 'expired');
    return this.quietly(this.settle(delivery, { id: claimed.id, claim: claimed.claim, type: 'expire' }));
  }

  /** What cannot be read, or is not what the channel declares any more, is never handed to a handler. */
  private unreadable(delivery: DurableDelivery, error: unknown): Promise<void> {
    this.held.add(delivery);
    const kind = error instanceof PayloadInvalidError ? 'validation_error' : 'serialization_error';
    const fault = { kind, retryable: false, error: asError(error) } as const;
    return this.quietly(delivery.settle({ type: 'failed', fault }));
  }

  private message(
    { id, channel, attempt, createdAtMs, waitedMs }: Claimed,
    payload: unknown,
    headers: Readonly<Record<string, string>> | undefined,
    reply: DurableReply | undefined,
  ): StoredMessage {
    const idempotencyKey = `${this.installation}:${channel}:${id}`;
    const putAt = this.parts.clock.now() - waitedMs;
    return new StoredMessage(payload, putAt, headers, reply, String(id), attempt, { createdAtMs, idempotencyKey });
  }

  // --- suspects ---

  /** A suspect runs with nothing beside it; after a lease's time of waiting for that, beside what still runs. */
  private get isSuspectDue(): boolean {
    if (this.suspects === 0 || this.state.type !== 'claiming') return false;
    return this.held.size === 0 || this.parts.clock.now() - this.suspectsSince > this.parts.options.lease;
  }

  private async claimSuspect(seat: Seat): Promise<void> {
    const found = await this.parts.store.claimSuspect(seat, this.channels);
    this.suspectsSince = this.parts.clock.now();
    if (found === undefined) {
      this.suspects = 0;
      this.lookEverywhere();
    } else {
      this.suspects--;
      await this.hand(seat, found);
    }
  }

  // --- when the store fails ---

  private recovered(): void {
    if (this.failures === 0) return;
    this.failures = 0;
    const { announcer, store } = this.parts;
    announcer.announce('workers.relay', { store: store.kind, state: 'claiming', error: undefined });
  }

  private async troubled(seat: Seat, entries: readonly Entry[], error: unknown): Promise<void> {
    if (this.seat !== seat) {
      for (const entry of entries) entry.reject(this.lost(entry.delivery));
      return;
    }
    const isUnreachable = error instanceof StoreUnreachableError;
    if (!isUnreachable && entries.length > 0) return this.settleOneByOne(seat, entries);
    this.settling.putBack(entries);
    const { announcer, store } = this.parts;
    if (this.failures === 0)
      announcer.announce('workers.relay', { store: store.kind, state: 'unreachable', error: asError(error) });
    const longest = Math.min(FIRST_WAIT_MS * 2 ** this.failures++, LONGEST_WAIT_MS);
    await this.wait(longest * (0.5 + this.parts.luck.chance() / 2));
    this.ring();
  }

  /** One of them cannot be written as it is: it is buried with its reason, and the others are settled without it. */
  private async settleOneByOne(seat: Seat, entries: readonly Entry[]): Promise<void> {
    for (const entry of entries) {
      try {
        this.settled(seat, [entry], await this.parts.store.settle(seat, [entry.settlement]));
      } catch (error) {
        if (error instanceof StoreUnreachableError) this.settling.putBack([entry]);
        else await this.buryUnwritable(seat, entry, asError(error));
      }
    }
  }

  private async buryUnwritable(seat: Seat, entry: Entry, error: Error): Promise<void> {
    const { id, claim } = entry.settlement;
    const { attempt } = entry.delivery.claimed;
    const failure = { attempt, kind: 'serialization_error', message: 'could not be written', host: this.hostName };
    this.held.delete(entry.delivery);
    try {
      const bury = { id, claim, type: 'bury', reason: 'unwritable', failure, result: null, keepMs: 0 } as const;
      await this.parts.store.settle(seat, [bury]);
    } catch (cause) {
      // The claim stays with this seat until the next recount gives it back.
      this.isUnclear = true;
      this.parts.announcer.fault(this.name, cause);
    }
    entry.reject(error);
  }

  private async recount(seat: Seat): Promise<void> {
    const held = [...this.held].map(({ claimed }) => claimed.id);
    const returned = await this.parts.store.recount(seat, held);
    this.isUnclear = false;
    if (returned > 0) this.lookEverywhere();
  }

  private async enroll(): Promise<void> {
    const { store, options, onFinished, announcer } = this.parts;
    let seat: Seat | undefined = undefined;
    let lostEarly: Error | undefined;
    seat = await store.enroll({
      name: options.hostId,
      leaseMs: options.lease,
      onWake: (channels) => {
        if (channels === undefined) this.lookEverywhere();
        else for (const channel of channels) this.wake(channel);
      },
      onFinished,
      onLost: (reason) => {
        if (seat === undefined) lostEarly = reason;
        else this.lose(seat, reason);
      },
      onFault: (error) => announcer.fault(this.name, error),
    });
    if (lostEarly !== undefined) throw lostEarly;
    this.seat = seat;
  }

  private async enrollAgain(): Promise<void> {
    for (let tries = 0; this.state.type === 'claiming'; tries++) {
      try {
        await this.enroll();
        this.failures = 1;
        this.recovered();
        return this.lookEverywhere();
      } catch (error) {
        if (tries === 0) this.parts.announcer.fault(this.name, error);
        await this.wait(Math.min(FIRST_WAIT_MS * 2 ** tries, LONGEST_WAIT_MS));
      }
    }
  }

  // --- the end ---

  /** Until everything that is settling is written, or the seat is lost. */
  private async settleRest(): Promise<void> {
    while (!this.settling.isEmpty && this.seat !== undefined) {
      this.ring();
      await this.wait(1);
    }
  }

  private async prepareChecks(): Promise<void> {
    for (const [source] of this.sources.values()) {
      const { name, durable } = (source as DurableSource).channel;
      if (durable.payload !== undefined) this.checks.set(name, await payloadCheck(name, durable.payload));
    }
  }

  private everySource(): DurableSource[] {
    return [...this.sources.values()].flat();
  }

  private lost({ channel, message }: DurableDelivery, cause?: Error): ClaimLostError {
    return new ClaimLostError(channel.name, message.id, cause === undefined ? undefined : { cause });
  }

  private quietly(settling: Promise<void>): Promise<void> {
    return settling.catch((error: unknown) => this.parts.announcer.fault(this.name, error));
  }

  private wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.parts.clock.after(ms, resolve));
  }
}

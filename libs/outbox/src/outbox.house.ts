import { ConfigurationError } from '@nestjs-workers/core';
import type { Announcer, Clock, RelayStats, ReplyAddress, WorkersApplication } from '@nestjs-workers/core/extension';
import { DurableChannel } from './channel/durable.channel.js';
import { serve } from './channel/post.js';
import { type ResolvedOutboxOptions, resolveOutboxOptions } from './outbox.options.js';
import { Awaited } from './relay/awaited.js';
import { type Luck, REAL_LUCK } from './relay/luck.js';
import { OutboxRelay } from './relay/relay.js';
import { type Round, Rounds } from './relay/rounds.js';
import { Sender } from './relay/sender.js';
import type { Store } from './store/store.js';

/** How often the other hosts are looked after. */
const WATCH_MS = 500;
/** How often it is looked what was paused elsewhere: an idle host is to cost next to nothing. */
const PAUSES_MS = 1_000;
/** How often it is looked for what is due, where nobody said when that is. */
const DUE_MS = 1_000;
/** How often it is counted what lies in the store; less often where counting takes long. */
const COUNT_MS = 5_000;

/**
 * Everything one application's outbox shares: the store, the relay that claims, the sender that writes, and the rounds that look after them.
 *
 * It lends the relay to the application, which opens, starts, stops and closes it at the right moments, and the store as arbiter to
 * singleton tickers.
 */
export class OutboxHouse {
  readonly options: ResolvedOutboxOptions;
  readonly store: Store;
  readonly relay: OutboxRelay;
  readonly sender: Sender;
  private readonly awaited: Awaited;
  private readonly rounds: Rounds;
  private readonly clock: Clock;
  private readonly announcer: Announcer;
  private orphansSeen = '';
  private lookedAt: number;
  private answeredAt: number;
  /** Rounds that failed one after the other. */
  private failures = 0;

  /** @throws ConfigurationError with everything that is wrong */
  constructor(
    given: object,
    readonly application: WorkersApplication,
    luck: Luck = REAL_LUCK,
  ) {
    const problems: string[] = [];
    this.options = resolveOutboxOptions(given, problems);
    if (problems.length > 0) throw new ConfigurationError(problems);
    this.store = this.options.store;
    this.clock = application.options.clock;
    this.announcer = application.announcer;
    this.lookedAt = this.answeredAt = this.clock.now();
    const onFault = (error: unknown): void => this.announcer.fault('outbox', error);
    this.awaited = new Awaited(this.store, this.clock, onFault);
    this.relay = new OutboxRelay({
      store: this.store,
      options: this.options.relay,
      clock: this.clock,
      announcer: this.announcer,
      migrate: this.options.migrate,
      callerOf: (id): ReplyAddress | undefined => this.awaited.find(id),
      isAskedFor: (id) => this.awaited.hasDuplicates(id),
      onFinished: (id) => this.awaited.finished(id),
      onDelayed: (delayMs) => this.rounds.hasten('due', delayMs),
      onRoutedAway: (channel) => this.sender.wake(channel),
      luck,
    });
    const onPause = (by: string | undefined): Promise<void> => this.lookAtPauses(by);
    this.sender = new Sender(this.store, this.relay, this.awaited, this.clock, onFault, onPause);
    this.rounds = new Rounds(
      this.clock,
      (round, error) => this.announcer.fault(`outbox ${round}`, error),
      (hasFailed) => this.looked(hasFailed),
    );
    serve(this.announcer, this.sender);
    application.lendArbiter((ticker, dueAtMs) => this.store.tick(ticker, dueAtMs));
    application.lend({
      name: this.relay.name,
      stats: () => this.stats(),
      open: () => this.relay.open(),
      start: () => this.start(),
      stop: () => this.relay.stop(),
      close: () => this.close(),
    });
  }

  /** Called by Nest. Also an application that only sends needs its tables. @throws StoreUnreachableError, StoreOutdatedError */
  async onModuleInit(): Promise<void> {
    await this.relay.open();
  }

  private async start(): Promise<void> {
    await this.lookAtPauses();
    await this.relay.start();
    this.looked(false);
    const { relay, prune } = this.options;
    this.rounds.begin([
      { name: 'poll', everyMs: relay.pollInterval, work: async () => this.relay.lookEverywhere(), isHolding: true },
      { name: 'due', everyMs: Math.max(DUE_MS, relay.pollInterval), work: () => this.promote() },
      { name: 'pauses', everyMs: Math.max(PAUSES_MS, relay.pollInterval), work: () => this.lookAtPauses() },
      { name: 'watch', everyMs: WATCH_MS, work: () => this.watch() },
      { name: 'lease', everyMs: relay.lease / 3, work: () => this.relay.renew() },
      this.counting(),
      { name: 'prune', everyMs: prune.every, work: () => this.prune() },
    ]);
  }

  private looked(hasFailed: boolean): void {
    this.lookedAt = this.clock.now();
    if (hasFailed) this.failures++;
    else [this.failures, this.answeredAt] = [0, this.lookedAt];
  }

  private stats(): RelayStats {
    const now = this.clock.now();
    const { condition } = this.relay;
    return {
      store: this.store.kind,
      state: condition === 'claiming' && this.failures > 0 ? 'unreachable' : condition,
      sinceLookMs: Math.round(now - this.lookedAt),
      sinceAnswerMs: Math.round(now - this.answeredAt),
    };
  }

  private async close(): Promise<void> {
    // What is still to be settled needs its lease.
    await this.relay.close();
    await this.rounds.stop();
    this.awaited.stop();
    await this.sender.stop();
    await this.store.close();
  }

  private async promote(): Promise<number | undefined> {
    const { relay, store } = this;
    if (relay.place === undefined || relay.channels.length === 0) return undefined;
    const { count, nextDueMs } = await store.promote(relay.channels);
    if (count > 0) relay.lookEverywhere();
    return nextDueMs === undefined ? undefined : Math.max(1, nextDueMs);
  }

  /** Nothing is claimed from a channel that is paused; it is also why nothing begins before this has been looked at. */
  private async lookAtPauses(resumedBy?: string): Promise<void> {
    const paused = new Map((await this.store.paused()).map((one) => [one.channel, one]));
    this.relay.notePaused(new Set(paused.keys()));
    for (const channel of this.durables) {
      const found = paused.get(channel.name);
      channel.notePause(found !== undefined, found === undefined ? resumedBy : (found.by ?? undefined));
    }
  }

  private get durables(): DurableChannel[] {
    return [...this.application.channels].filter((channel) => channel instanceof DurableChannel);
  }

  private async watch(): Promise<void> {
    const { relay, store } = this;
    const seat = relay.place;
    if (seat === undefined) return;
    relay.reconsider();
    const { hosts, buried, suspects } = await store.takeOver(seat, relay.openChannels, this.options.relay.maxCrashes);
    for (const { name, claims } of hosts) this.announcer.announce('workers.taken-over', { host: name, claims });
    for (const { id, channel, crashes } of buried) {
      const about = { channel, messageId: String(id), attempt: crashes, reason: 'crashed', error: undefined };
      this.announcer.announce('workers.buried', about);
    }
    relay.noteSuspects(suspects);
  }

  /** Counting a large store takes long; it is done so rarely that it takes a twentieth of the time. */
  private counting(): Round {
    let pauses = 0;
    const work = async (): Promise<void> => {
      if (pauses-- > 0) return;
      const began = this.clock.now();
      await this.count();
      pauses = Math.floor(((this.clock.now() - began) * 20) / COUNT_MS);
    };
    return { name: 'count', everyMs: COUNT_MS, work };
  }

  private async count(): Promise<void> {
    const counts = await this.store.stats();
    const channels = this.durables;
    for (const channel of channels) channel.stored = counts[channel.name] ?? NOTHING;
    const known = new Set(channels.map(({ name }) => name));
    const orphans = Object.fromEntries(
      Object.entries(counts)
        .filter(([name, { ready, delayed, claimed }]) => !known.has(name) && ready + delayed + claimed > 0)
        .map(([name, { ready, delayed, claimed }]) => [name, ready + delayed + claimed]),
    );
    const names = Object.keys(orphans).toSorted().join();
    if (names !== '' && names !== this.orphansSeen)
      this.announcer.announce('workers.orphans', { store: this.store.kind, channels: orphans });
    this.orphansSeen = names;
  }

  private async prune(): Promise<void> {
    const { batch, maxFinished } = this.options.prune;
    let removed = batch;
    while (removed >= batch && this.relay.place !== undefined) {
      const pruned = await this.store.prune(batch, { maxFinished });
      removed = Math.max(...Object.values(pruned));
    }
  }
}

const NOTHING = { ready: 0, delayed: 0, claimed: 0, dead: 0, suspects: 0, oldestReadyMs: 0 };

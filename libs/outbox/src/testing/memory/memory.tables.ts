import type { DeadLetterReason } from '../../store/dead.letter.reason.js';
import type {
  Appended,
  Claimed,
  Failure,
  Finished,
  NewMessage,
  PausedChannel,
  Promoted,
  Pruned,
  Retention,
  Settlement,
  StoredMessage,
  StoredStats,
  TakenOver,
  Wanted,
} from '../../store/store.js';
import { MemoryChannel } from './memory.channel.js';
import type { MemoryHost } from './memory.host.js';
import { MemoryMessage, type Place } from './memory.message.js';
import { MemoryRecords } from './memory.records.js';
import type { MemoryTransaction } from './memory.transaction.js';

const DAY_MS = 24 * 3_600_000;
/** How long a memory store remembers that somebody's request was buried by a crash, a tick, and a key of `once`. */
const CRASH_RESULT_MS = 3_600_000;
const TICK_MS = DAY_MS;
const ONCE_MS = 7 * DAY_MS;

/**
 * What a memory store keeps, and the verbs. Every verb runs from its first line to its last without waiting: that is its transaction.
 *
 * Invariant: a message is in exactly one place; each of the sets here follows from the places, and `place` is the only one that moves.
 */
export class MemoryTables {
  readonly paused = new Map<string, PausedChannel>();
  readonly hosts = new Map<number, MemoryHost>();
  readonly dead = new Set<MemoryMessage>();
  readonly ticks = new MemoryRecords<true>();
  readonly once = new MemoryRecords<true>();
  private readonly messages = new Map<number, MemoryMessage>();
  private readonly channels = new Map<string, MemoryChannel>();
  private readonly duplicates = new MemoryRecords<number>();
  private readonly outcomes = new Map<number, Finished & { readonly channel: string; readonly untilMs: number }>();
  private lastId = 0;
  private lastHost = 0;
  private lastDeath = 0;

  constructor(readonly now: () => number) {}

  nextHost(): number {
    return ++this.lastHost;
  }

  /** A transaction that has to end before these can be written, because it may have written one of them. */
  hindrance(messages: readonly NewMessage[], own: MemoryTransaction | undefined): MemoryTransaction | undefined {
    for (const { channel, deduplicate } of messages) {
      const other = deduplicate === null ? undefined : this.duplicates.writerOf(keyOf(channel, deduplicate.key), own);
      if (other !== undefined) return other;
    }
    return undefined;
  }

  append(messages: readonly NewMessage[], within: MemoryTransaction | undefined): readonly Appended[] {
    return messages.map((message) => this.appendOne(message, within));
  }

  claim(host: MemoryHost, wanted: readonly Wanted[]): readonly Claimed[] {
    const claimed: Claimed[] = [];
    if (!host.isSeated) return claimed;
    for (const { channel, room } of wanted)
      for (let taken = 0; taken < room; taken++) {
        const message = this.channel(channel).next();
        if (message === undefined) break;
        claimed.push(this.claimOne(host, message));
      }
    return claimed;
  }

  claimSuspect(host: MemoryHost, channels: readonly string[]): Claimed | undefined {
    if (!host.isSeated) return undefined;
    for (const channel of channels) {
      const message = this.channel(channel).nextSuspect();
      if (message !== undefined) return this.claimOne(host, message);
    }
    return undefined;
  }

  /** Returns the ids of those that the host does not hold. */
  settle(host: MemoryHost, settlements: readonly Settlement[]): readonly number[] {
    const fenced: number[] = [];
    for (const settlement of settlements) {
      const message = this.messages.get(settlement.id);
      if (message !== undefined && host.claims.has(message) && message.claim === settlement.claim)
        this.settleOne(message, settlement);
      else fenced.push(settlement.id);
    }
    return fenced;
  }

  peek(channel: string, limit: number): readonly StoredMessage[] {
    const ready = [...this.messages.values()].filter(
      (message) => message.channel === channel && message.place.type === 'ready' && !message.isSuspect,
    );
    return ready
      .toSorted((one, other) => (one.isBefore(other) ? -1 : 1))
      .slice(0, limit)
      .map(({ id, payload, given, key, attempt, place }) => {
        const waitedMs = place.type === 'ready' ? Math.max(0, this.now() - place.sinceMs) : 0;
        return { id, payload, headers: given.headers, key, attempt, waitedMs };
      });
  }

  promote(channels: readonly string[]): Promoted {
    const nowMs = this.now();
    let count = 0;
    let nextDueAtMs = Infinity;
    for (const name of channels) {
      const channel = this.channel(name);
      for (let next = channel.nextDue; next !== undefined && next.dueAtMs <= nowMs; next = channel.nextDue) {
        this.place(next.message, { type: 'ready', sinceMs: next.dueAtMs });
        count += 1;
      }
      nextDueAtMs = Math.min(nextDueAtMs, channel.nextDue?.dueAtMs ?? Infinity);
    }
    return { count, nextDueMs: nextDueAtMs === Infinity ? undefined : nextDueAtMs - nowMs };
  }

  takeOver(by: MemoryHost, channels: readonly string[], maxCrashes: number): TakenOver {
    const lost = [...this.hosts.values()].filter((host) => host !== by && by.isSeated && host.isDead(this.now()));
    const hosts = lost.map(({ name, claims }) => ({ name, claims: claims.size }));
    const buried: MemoryMessage[] = [];
    for (const host of lost) {
      for (const message of host.claims) if (this.crash(message, host, maxCrashes)) buried.push(message);
      this.hosts.delete(host.id);
      const reason = new Error(`Host "${host.name}" gave no sign of life, and "${by.name}" took its claims over.`);
      host.tell(({ onLost }) => onLost(reason));
      if (host.isSeated) host.state = 'gone';
    }
    return {
      hosts,
      buried: buried.map(({ id, channel, crashes }) => ({ id, channel, crashes })),
      suspects: this.suspects(channels),
    };
  }

  /** Gives back what the host holds; its attempts were none. */
  leave(host: MemoryHost): void {
    for (const message of host.claims) this.release(message);
    this.hosts.delete(host.id);
    host.state = 'gone';
  }

  recount(host: MemoryHost, held: readonly number[]): number {
    const known = new Set(held);
    const strays = [...host.claims].filter(({ id }) => !known.has(id));
    for (const message of strays) this.release(message);
    return strays.length;
  }

  finished(ids: readonly number[]): readonly Finished[] {
    return ids.flatMap((id) => {
      const outcome = this.outcomes.get(id);
      return outcome === undefined ? [] : [{ id, type: outcome.type, result: outcome.result }];
    });
  }

  underWay(ids: readonly number[]): readonly number[] {
    return ids.filter((id) => (this.messages.get(id)?.place.type ?? 'dead') !== 'dead');
  }

  tick(ticker: string, dueAtMs: number): boolean {
    const key = keyOf(ticker, dueAtMs);
    const isFirst = this.ticks.get(key, -Infinity) === undefined;
    if (isFirst) this.ticks.set(key, true, this.now() + TICK_MS);
    return isFirst;
  }

  first(key: string, within: MemoryTransaction): boolean {
    const isNew = this.once.get(key, -Infinity) === undefined;
    if (isNew) this.once.set(key, true, this.now() + ONCE_MS, within);
    return isNew;
  }

  prune(limit: number, { maxFinished = Infinity }: Retention): Pruned {
    const nowMs = this.now();
    return {
      finished: this.pruneFinished(limit, maxFinished),
      deduplications: this.duplicates.prune(nowMs, limit),
      ticks: this.ticks.prune(nowMs, limit),
      once: this.once.prune(nowMs, limit),
    };
  }

  stats(): Readonly<Record<string, StoredStats>> {
    const nowMs = this.now();
    const stats: Record<string, { -readonly [K in keyof StoredStats]: StoredStats[K] }> = Object.create(null) as never;
    for (const { channel, place, isSuspect } of this.messages.values()) {
      if (place.type === 'gone') continue;
      const all = (stats[channel] ??= { ready: 0, delayed: 0, claimed: 0, dead: 0, suspects: 0, oldestReadyMs: 0 });
      all[place.type] += 1;
      if (place.type !== 'ready') continue;
      if (isSuspect) all.suspects += 1;
      all.oldestReadyMs = Math.max(all.oldestReadyMs, nowMs - place.sinceMs);
    }
    return stats;
  }

  /** Makes a dead letter ready, as it was when it was new. */
  revive(message: MemoryMessage, payload: string): void {
    message.payload = payload;
    message.attempt = 0;
    message.crashes = 0;
    message.isSuspect = false;
    // That it was dead is no outcome any more.
    this.outcomes.delete(message.id);
    this.ready(message);
  }

  discard(message: MemoryMessage): void {
    this.place(message, { type: 'gone' });
  }

  /** The one transition of all. */
  private place(message: MemoryMessage, place: Place): void {
    if (message.place.type === 'claimed') this.hosts.get(message.place.host)?.claims.delete(message);
    this.dead.delete(message);
    message.place = place;
    if (place.type === 'gone') this.messages.delete(message.id);
    if (place.type === 'dead') this.dead.add(message);
    if (place.type === 'claimed') this.hosts.get(place.host)?.claims.add(message);
    this.channel(message.channel).placed(message);
  }

  private appendOne(given: NewMessage, within: MemoryTransaction | undefined): Appended {
    const { channel, deduplicate } = given;
    const nowMs = this.now();
    const key = deduplicate === null ? undefined : keyOf(channel, deduplicate.key);
    const existing = key === undefined ? undefined : this.duplicates.get(key, nowMs);
    if (existing !== undefined) return { id: existing, isDuplicate: true };
    const message = new MemoryMessage(++this.lastId, given, nowMs);
    const write = (): void => {
      this.messages.set(message.id, message);
      this.channel(channel).placed(message);
    };
    if (within === undefined) write();
    else within.write(write);
    if (key !== undefined && deduplicate !== null)
      this.duplicates.set(key, message.id, nowMs + deduplicate.windowMs, within);
    return { id: message.id, isDuplicate: false };
  }

  private claimOne({ id }: MemoryHost, message: MemoryMessage): Claimed {
    const nowMs = this.now();
    const readySinceMs = message.place.type === 'ready' ? message.place.sinceMs : nowMs;
    message.attempt += 1;
    message.claim += 1;
    this.place(message, { type: 'claimed', host: id });
    return message.toClaimed(nowMs, readySinceMs);
  }

  private settleOne(message: MemoryMessage, settlement: Settlement): void {
    if (settlement.type === 'release') return this.release(message);
    message.isSuspect = false;
    if (settlement.type === 'expire') return this.place(message, { type: 'gone' });
    if (settlement.type === 'done') {
      this.place(message, { type: 'gone' });
      this.record(message, 'done', settlement.result, settlement.keepMs);
      this.append(settlement.routed, undefined);
      return undefined;
    }
    this.fail(message, settlement.failure);
    if (settlement.isCrash) message.crashes += 1;
    if (settlement.type === 'bury') {
      this.bury(message, settlement.reason);
      this.record(message, 'dead', settlement.result, settlement.keepMs);
      return undefined;
    }
    if (settlement.afterMs <= 0) this.ready(message);
    else this.place(message, { type: 'delayed', dueAtMs: this.now() + settlement.afterMs });
    return undefined;
  }

  private ready(message: MemoryMessage): void {
    this.place(message, { type: 'ready', sinceMs: this.now() });
  }

  /** A suspect stays one: it was not entered, so nothing new is known of it. */
  private release(message: MemoryMessage): void {
    message.attempt -= 1;
    this.ready(message);
  }

  private bury(message: MemoryMessage, reason: DeadLetterReason): void {
    this.place(message, { type: 'dead', atMs: this.now(), reason, order: ++this.lastDeath });
  }

  private fail(message: MemoryMessage, failure: Failure): void {
    message.history.push({ ...failure, atMs: this.now() });
  }

  /** Its host died with it. True when that was once too often. */
  private crash(message: MemoryMessage, { name }: MemoryHost, maxCrashes: number): boolean {
    const { attempt } = message;
    message.crashes += 1;
    message.isSuspect = true;
    this.fail(message, { attempt, kind: 'host_died', message: `Host "${name}" died with it.`, host: name });
    const isTooOften = message.crashes >= maxCrashes;
    if (!isTooOften) this.ready(message);
    else {
      message.isSuspect = false;
      this.bury(message, 'crashed');
      if (message.given.wantsResult) this.record(message, 'dead', null, CRASH_RESULT_MS);
    }
    return isTooOften;
  }

  private record(
    { id, channel, given }: MemoryMessage,
    type: Finished['type'],
    result: string | null,
    keepMs: number,
  ): void {
    if (keepMs <= 0) return;
    this.outcomes.delete(id);
    this.outcomes.set(id, { id, type, result, channel, untilMs: this.now() + keepMs });
    if (given.wantsResult) for (const host of this.hosts.values()) host.tell(({ onFinished }) => onFinished(id));
  }

  private pruneFinished(limit: number, maxFinished: number): number {
    const nowMs = this.now();
    const kept = new Map<string, number>();
    const over: number[] = [];
    // The newest first: those beyond the bound are the older ones.
    for (const [id, { channel, untilMs }] of [...this.outcomes].toReversed()) {
      const before = kept.get(channel) ?? 0;
      if (untilMs <= nowMs || before >= maxFinished) over.push(id);
      else kept.set(channel, before + 1);
    }
    const gone = over.toReversed().slice(0, limit);
    for (const id of gone) this.outcomes.delete(id);
    return gone.length;
  }

  private suspects(channels: readonly string[]): number {
    return channels.reduce((sum, name) => sum + this.channel(name).suspects, 0);
  }

  private channel(name: string): MemoryChannel {
    const channel = this.channels.get(name) ?? new MemoryChannel();
    this.channels.set(name, channel);
    return channel;
  }
}

function keyOf(...parts: readonly (string | number)[]): string {
  return JSON.stringify(parts);
}

import { until } from '@nestjs-workers/core/testing';
import { expect } from 'vitest';
import type { End, Letters, Name, Room, Step, Which } from './model.steps.contract.js';
import {
  bury,
  done,
  expire,
  failure,
  HOUR_MS,
  message,
  release,
  retry,
  type StoreBench,
  type StoreHarness,
} from './scene.contract.js';
import type { Claimed, DeadLetterQuery, NewMessage, Seat, Settlement, Store, Wanted } from './store.js';

const LEASE_MS = 60_000;
const MAX_CRASHES = 2;
const CHANNELS: readonly Name[] = ['a', 'b'];

interface Told {
  readonly label: string;
  readonly claim: Claimed;
  readonly seated: Seated;
}

interface Seated {
  readonly name: string;
  readonly store: Store;
  readonly seat: Seat;
}

/**
 * One of two stores that are asked the same. Ids are the store's own, so that messages are known by their label here, which is their
 * payload.
 */
export class ModelSide {
  private readonly hosts: Seated[] = [];
  /** What each host was given, the latest first; also what was settled since. */
  private readonly told: [Told[], Told[]] = [[], []];
  private readonly labels = new Map<number, string>();
  /** Who holds which message, as far as it was told. */
  private readonly held = new Map<string, Told>();
  /** Were dead once: whether the time of such a message can be over is not said. */
  private readonly revived = new Set<number>();
  private readonly counts = { appended: 0, done: 0, discarded: 0, expired: 0 };
  private enrolled = 0;

  private constructor(private readonly bench: StoreBench) {}

  static async of(harness: StoreHarness): Promise<ModelSide> {
    const side = new ModelSide(await harness.fresh());
    await side.bench.store.open({ migrate: true });
    for (const host of [0, 1] as const) await side.enroll(host);
    return side;
  }

  async close(): Promise<void> {
    await this.bench.close();
  }

  /**
   * Returns what the store said, in labels, and what lies where now.
   *
   * @param expected what the model said, for a store that needs time to find a host dead
   */
  async perform(step: Step, label: string, expected?: Said): Promise<Said> {
    const answer = await this.answer(step, label, expected?.answer);
    return { answer, places: await this.places(), dead: await this.dead() };
  }

  /** `balanced`, or what does not add up: what was appended lies somewhere, or is gone for one of three reasons. */
  async books(): Promise<string> {
    const { appended, ...gone } = this.counts;
    const lie = Object.values(await this.bench.store.stats())
      .flatMap(({ ready, delayed, claimed, dead }) => [ready, delayed, claimed, dead])
      .reduce((sum, count) => sum + count, 0);
    const left = Object.values(gone).reduce((sum, count) => sum + count, 0);
    return appended === lie + left ? 'balanced' : `${appended} appended, ${lie} there, ${JSON.stringify(gone)}`;
  }

  private async answer(step: Step, label: string, expected: unknown): Promise<unknown> {
    switch (step.do) {
      case 'append':
        return this.append(step, label);
      case 'claim':
        return this.claim(step.host, step.room);
      case 'claimSuspect':
        return this.claimSuspect(step.host, step.channel);
      case 'settle':
        return this.settle(step.host, step.ends, label);
      case 'exchange':
        return this.settle(step.host, step.ends, label, step.room);
      case 'pass':
        return this.pass(step.tens);
      case 'kill':
        return this.kill(step.host);
      case 'lapse':
        return this.lapse(step.host, (expected as { readonly tookOver: TookOver } | undefined)?.tookOver);
      case 'leave':
        return this.leave(step.host);
      case 'takeOver':
        return this.takeOver(step.host, expected as TookOver | undefined);
      case 'retryDead':
        return this.retryDead(step.of);
      case 'discardDead':
        return this.discard(step.of);
      case 'retryWith':
        return this.retryWith(step.at);
      case 'tick':
        return this.bench.store.tick('clock', 1_700_000_000_000 + step.due);
      case 'once':
        return this.once(step.key, step.isCommitted);
      case 'finished':
        return this.finished();
      default:
        return step satisfies never;
    }
  }

  private async append({ messages, within }: Extract<Step, { do: 'append' }>, label: string): Promise<unknown> {
    const given = messages.map(({ duplicateOf, ...asked }, at) =>
      message({
        ...asked,
        payload: JSON.stringify(`${label}.${at}`),
        deduplicate: duplicateOf === null ? null : { key: duplicateOf, windowMs: 25_000 },
      }),
    );
    const { store, isSynchronous } = this.bench;
    const transaction = within === 'none' ? undefined : await this.bench.transaction();
    const appending = store.append(given, transaction?.within);
    if (!isSynchronous) await appending;
    await transaction?.[within === 'commit' ? 'commit' : 'rollback']();
    return (await appending).map(({ id, isDuplicate }, at) => {
      if (!isDuplicate && within !== 'rollback') this.counts.appended += 1;
      if (!isDuplicate) this.labels.set(id, `${label}.${at}`);
      return { label: this.labels.get(id), isDuplicate };
    });
  }

  private async claim(host: Which, room: Room): Promise<unknown> {
    const { store, seat } = this.seated(host);
    return this.noteAll(host, await store.claim(seat, wanted(room)));
  }

  private async claimSuspect(host: Which, channel: Name): Promise<unknown> {
    const { store, seat } = this.seated(host);
    const claimed = await store.claimSuspect(seat, [channel]);
    return claimed === undefined ? 'none' : this.note(host, claimed);
  }

  private async settle(host: Which, ends: readonly End[], label: string, room?: Room): Promise<unknown> {
    const chosen = ends.flatMap((end) => {
      const told = this.told[host][end.at];
      return told === undefined ? [] : [{ end, told }];
    });
    // One word of each message: what is told back as fenced is its id, which does not say which of two words it was.
    const isFirst = ({ told }: (typeof chosen)[number], at: number): boolean =>
      chosen.findIndex((other) => other.told.label === told.label) === at;
    const unique = chosen.filter(isFirst);
    const settlements = unique.map(({ end, told }, at) => settlementOf(end, told.claim, `${label}.${at}`));
    // Claims of a seat that was lost are spoken of in its name, those of the present one in its own.
    const seats = new Set([...unique.map(({ told }) => told.seated), this.seated(host)]);
    const answers: unknown[] = [];
    for (const seated of seats) {
      const own = settlements.filter((_, at) => unique[at]?.told.seated === seated);
      const isPresent = seated === this.seated(host);
      const said =
        room !== undefined && isPresent
          ? await seated.store.exchange(seated.seat, own, wanted(room))
          : { fenced: await seated.store.settle(seated.seat, own), claimed: [] };
      for (const [at, { end, told }] of unique.entries())
        if (told.seated === seated && !said.fenced.includes(told.claim.id)) this.noteEnd(end, told, settlements[at]);
      answers.push({ fenced: this.labelsOf(said.fenced), claimed: this.noteAll(host, said.claimed) });
    }
    return answers;
  }

  private async pass(tens: number): Promise<unknown> {
    const promoted: unknown[] = [];
    for (let passed = 0; passed < tens; passed++) {
      await this.bench.elapse(10_000);
      for (const { seat } of this.hosts) expect(await seat.extend()).toBe(true);
      promoted.push(await this.promote());
    }
    return promoted;
  }

  private async promote(): Promise<unknown> {
    const { count, nextDueMs } = await this.bench.store.promote(CHANNELS);
    return { count, nextDue: nextDueMs === undefined ? 'none' : Math.ceil(nextDueMs / 10_000) };
  }

  /** Its process is gone, and another one takes its place; what it held waits for somebody to look. */
  private async kill(host: Which): Promise<unknown> {
    await this.bench.killHost(this.seated(host).seat);
    this.told[host] = [];
    await this.enroll(host);
    return 'killed';
  }

  /** It gives no sign of life for longer than its lease, so that it loses its seat; it lives, and may speak of its claims later. */
  private async lapse(host: Which, expected?: TookOver): Promise<unknown> {
    const lost = this.seated(host);
    const other = host === 0 ? 1 : 0;
    for (let step = 0; step < 2; step++) {
      await this.bench.elapse(40_000);
      expect(await this.seated(other).seat.extend()).toBe(true);
    }
    const tookOver = await this.takeOver(other, expected ?? { hosts: [lost.name] });
    expect(await lost.seat.extend()).toBe(false);
    await this.enroll(host, lost.store);
    return { tookOver, promoted: await this.promote() };
  }

  private async leave(host: Which): Promise<unknown> {
    const left = this.seated(host);
    await left.seat.leave();
    for (const [label, told] of this.held) if (told.seated === left) this.held.delete(label);
    await this.enroll(host, left.store);
    return 'left';
  }

  private async takeOver(host: Which, expected?: { readonly hosts: readonly string[] }): Promise<TookOver> {
    const { store, seat } = this.seated(host);
    const found: TookOver = { hosts: [], buried: [], suspects: 0 };
    await until(async () => {
      const { hosts, buried, suspects } = await store.takeOver(seat, CHANNELS, MAX_CRASHES);
      found.hosts.push(...hosts.map(({ name, claims }) => `${name} with ${claims}`));
      found.buried.push(...buried.map(({ id, crashes }) => `${this.labels.get(id)} after ${crashes}`));
      found.suspects = suspects;
      for (const { name } of hosts)
        for (const [label, told] of this.held) if (told.seated.name === name) this.held.delete(label);
      return found.hosts.length >= (expected?.hosts.length ?? 0);
    });
    return { hosts: found.hosts.toSorted(), buried: found.buried.toSorted(), suspects: found.suspects };
  }

  private async retryDead(of: Letters): Promise<unknown> {
    const ids = await this.bench.store.deadLetters.retry(this.query(of));
    for (const id of ids) this.revived.add(id);
    return this.labelsOf(ids);
  }

  private async discard(of: Letters): Promise<unknown> {
    const ids = await this.bench.store.deadLetters.discard(this.query(of));
    this.counts.discarded += ids.length;
    return this.labelsOf(ids);
  }

  private async retryWith(at: number): Promise<unknown> {
    const [id] = this.known([at]);
    if (id === undefined) return 'nothing known';
    this.revived.add(id);
    return this.bench.store.deadLetters.retryWith(id, JSON.stringify([this.labels.get(id), 'mended']));
  }

  private async once(key: string, isCommitted: boolean): Promise<unknown> {
    const transaction = await this.bench.transaction();
    const isNew = await this.bench.store.once(key, transaction.within);
    await transaction[isCommitted ? 'commit' : 'rollback']();
    return isNew;
  }

  private async finished(): Promise<unknown> {
    const { finished: pruned } = await this.bench.store.prune(1_000, { maxFinished: undefined });
    const finished = await this.bench.store.finished([...this.labels.keys()]);
    const lines = finished.map(({ id, type, result }) => `${this.labels.get(id)} ${type} ${result}`);
    return { pruned, finished: lines.toSorted() };
  }

  private async places(): Promise<unknown> {
    const stats = await this.bench.store.stats();
    return CHANNELS.map((channel) => {
      const { ready = 0, delayed = 0, claimed = 0, dead = 0, suspects = 0 } = stats[channel] ?? {};
      return { channel, ready, delayed, claimed, dead, suspects };
    });
  }

  private async dead(): Promise<unknown> {
    const letters = await this.bench.store.deadLetters.find({}, { limit: 1_000 });
    expect(await this.bench.store.deadLetters.count({})).toBe(letters.length);
    const lines = letters.map(({ payload, channel, key, attempt, crashes, history }) => {
      const failures = history.map(({ attempt, host }) => `${attempt} on ${host}`);
      return [payload, channel, key, attempt, crashes, ...failures].join(', ');
    });
    return lines.toSorted();
  }

  /** @param again the store of a host that lives on and takes another seat; without it, of another process */
  private async enroll(host: Which, again?: Store): Promise<void> {
    const store = again ?? (await this.bench.another());
    if (again === undefined) await store.open({ migrate: false });
    const name = `host ${++this.enrolled}`;
    const nothing = (): void => {};
    const hears = { onWake: nothing, onFinished: nothing, onLost: nothing, onFault: nothing };
    this.hosts[host] = { name, store, seat: await store.enroll({ name, leaseMs: LEASE_MS, ...hears }) };
  }

  private seated(host: Which): Seated {
    return this.hosts[host] as Seated;
  }

  private noteAll(host: Which, claimed: readonly Claimed[]): unknown {
    const noted = claimed.map((one) => this.note(host, one));
    return CHANNELS.map((channel) => noted.filter((one) => one.channel === channel));
  }

  /** Nobody else may hold it, or one with its key. */
  private note(host: Which, claim: Claimed) {
    const { id, channel, payload, key, attempt, crashes, isSuspect, wantsResult } = claim;
    const isExpired = claim.isExpired && !this.revived.has(id);
    const label = labelOf(payload);
    this.labels.set(id, label);
    const rival = [...this.held.values()].find(
      (other) => other.label === label || (key !== null && other.claim.key === key && other.claim.channel === channel),
    );
    expect(rival?.label).toBeUndefined();
    const told = { label, claim, seated: this.seated(host) };
    this.held.set(label, told);
    this.told[host].unshift(told);
    return { channel, payload, key, attempt, crashes, isExpired, isSuspect, wantsResult };
  }

  private noteEnd({ type }: End, { label }: Told, settlement: Settlement | undefined): void {
    this.held.delete(label);
    if (type === 'done') this.counts.done += 1;
    if (type === 'expire') this.counts.expired += 1;
    if (settlement?.type === 'done') this.counts.appended += settlement.routed.length;
  }

  private query(of: Letters): DeadLetterQuery {
    return 'at' in of ? { ids: this.known(of.at) } : of;
  }

  /** Messages that a host was given, whatever became of them: the latest first. */
  private known(at: readonly number[]): number[] {
    const ids = this.told.flat().map(({ claim }) => claim.id);
    return at.flatMap((index) => ids[index] ?? []);
  }

  private labelsOf(ids: readonly number[]): unknown {
    return ids.map((id) => this.labels.get(id) ?? 'unknown').toSorted();
  }
}

/** What a store said to one step. */
export interface Said {
  readonly answer: unknown;
  readonly places: unknown;
  readonly dead: unknown;
}

interface TookOver {
  readonly hosts: string[];
  readonly buried: string[];
  suspects: number;
}

function wanted(room: Room): Wanted[] {
  return CHANNELS.map((channel) => ({ channel, room: room[channel] }));
}

function labelOf(payload: string): string {
  const parsed: unknown = JSON.parse(payload);
  return String(Array.isArray(parsed) ? parsed[0] : parsed);
}

function settlementOf({ type, routes, isCrash, afterMs }: End, claim: Claimed, label: string): Settlement {
  const keepMs = claim.wantsResult ? HOUR_MS : 0;
  const failed = { ...failure, attempt: claim.attempt };
  if (type === 'done') {
    const routed: NewMessage[] = routes
      ? [message({ channel: 'b', payload: JSON.stringify(label), key: claim.key })]
      : [];
    return done(claim, { result: JSON.stringify(label), keepMs, routed });
  }
  if (type === 'retry') return retry(claim, afterMs, { failure: failed, isCrash });
  if (type === 'bury') return bury(claim, { reason: 'attempts', failure: failed, isCrash, result: '"dead"', keepMs });
  return type === 'release' ? release(claim) : expire(claim);
}

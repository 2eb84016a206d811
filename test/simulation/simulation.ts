import type { ReplyAddress } from '@nestjs-workers/core/extension';
import type { DurableChannel } from '../../libs/outbox/src/channel/durable.channel.js';
import { type MemoryStore, memoryStore } from '../../libs/outbox/src/testing/memory.store.js';
import { unhandledWhile } from '../support/unhandled.js';
import { Agenda } from './agenda.js';
import { Chance } from './chance.js';
import { type Fate, UNWRITABLE } from './faulty.store.js';
import { law, Ledger } from './ledger.js';
import { MILD, type Plan, planOf } from './plan.js';
import { SimulatedHost, type Surroundings } from './simulated.host.js';

/** What one simulation came to. */
export interface Report {
  readonly seed: number;
  readonly steps: number;
  /** How much time passed in it. */
  readonly passedMs: number;
  readonly messages: number;
  readonly entered: number;
  readonly faults: number;
  /** Which law was broken; undefined when none was. */
  readonly broken: Error | undefined;
  /** Everything that happened, in order; only where it was asked for. */
  readonly story: readonly string[];
}

/** After the last fault everything has drained in this much time, and in this many steps. */
const CALM_MS = 120_000;
const CALM_STEPS = 50_000;

/**
 * Runs several hosts on one store, with everything that can go wrong, and looks at every step whether the laws are kept.
 *
 * Promises: everything follows from the seed, so a seed that breaks a law breaks it again.
 */
export async function simulate(seed: number, isTold = false): Promise<Report> {
  const simulation = new Simulation(seed, isTold);
  let broken: Error | undefined;
  const [unhandled] = await unhandledWhile(async () => {
    try {
      await simulation.run();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      broken = error;
    }
  });
  // A law that was broken inside a runner ends that runner; what follows from it is not what was wrong.
  return simulation.report((unhandled as Error | undefined) ?? broken);
}

class Simulation {
  private readonly chance: Chance;
  private readonly plan: Plan;
  private readonly hosts: SimulatedHost[] = [];
  private readonly agenda = new Agenda((host) => this.hosts[host]?.isGoing === true);
  private readonly store: MemoryStore;
  private readonly ledger: Ledger;
  private readonly story: string[] = [];
  private readonly around: Surroundings;
  private nowMs = 0;
  private steps = 0;
  private sent = 0;
  private faults = 0;
  private isCalm = false;
  /** Until when the line of a host is cut. */
  private readonly cutOff = new Map<SimulatedHost, number>();
  /** Transactions of users that are open. */
  private readonly transactions: ((isCommitted: boolean) => void)[] = [];

  constructor(
    private readonly seed: number,
    isTold: boolean,
  ) {
    this.chance = new Chance(seed);
    this.plan = planOf(this.chance);
    this.store = memoryStore({ now: () => EPOCH_MS + this.nowMs });
    this.ledger = new Ledger(this.store);
    this.around = {
      plan: this.plan,
      chance: this.chance,
      agenda: this.agenda,
      ledger: this.ledger,
      store: this.store,
      wallMs: () => EPOCH_MS + this.nowMs,
      temper: () => (this.isCalm ? MILD : this.plan.temper),
      fate: (host, verb) => this.fate(host, verb),
      isWordHeard: (host) => this.isCalm || (!this.isCutOff(host) && !this.chance.isHit(this.plan.faults.wordLost)),
      note: isTold ? (what) => void this.story.push(`${this.nowMs} ms: ${what}`) : () => {},
    };
  }

  async run(): Promise<void> {
    for (let i = 0; i < this.plan.hosts; i++) this.join();
    for (let i = 0; i < this.plan.steps; i++) await this.step();
    await this.calmDown();
    await this.drain();
    await this.endAll();
  }

  report(broken: Error | undefined): Report {
    const { seed, steps, nowMs: passedMs, story, faults } = this;
    const entered = this.hosts.reduce((sum, host) => sum + host.entered.length, 0);
    return { seed, steps, passedMs, messages: this.ledger.seen.size, entered, faults, broken, story };
  }

  // --- what happens ---

  private async step(): Promise<void> {
    const { faults, messages, hosts } = this.plan;
    const going = this.hosts.filter(({ isGoing }) => isGoing);
    const frozen = this.hosts.filter(({ state }) => state === 'frozen');
    const { possible } = this.agenda;
    const next = this.chance.weighed({
      happens: possible.length > 0 ? 60 : 0,
      timePasses: 15,
      isSent: this.sent < messages && going.length > 0 ? 8 : 0,
      transactionEnds: this.transactions.length > 0 ? 4 : 0,
      joins: this.hosts.filter(({ state }) => state === 'alive').length < hosts ? 2 : 0,
      freezes: going.length > 0 ? 100 * faults.froze : 0,
      thaws: frozen.length > 0 ? 3 : 0,
      jumps: going.length > 0 ? 100 * faults.jumped : 0,
      stops: going.length > 0 ? 100 * faults.stopped : 0,
      isCutOff: going.length > 0 ? 100 * faults.cutOff : 0,
      isTakenForDead: going.length > 0 ? 100 * faults.takenForDead : 0,
    });
    if (next === 'happens') this.happen(this.chance.isHit(0.5) ? 0 : this.chance.below(possible.length));
    else if (next === 'timePasses') this.passTime(this.chance.pick([1, 50, 500, this.plan.longestMs]));
    else if (next === 'isSent') this.send(this.chance.pick(going));
    else if (next === 'transactionEnds') this.endTransaction();
    else if (next === 'joins') this.join();
    else if (next === 'freezes') this.chaos(going, (host) => host.state === 'alive' && host.freeze());
    else if (next === 'thaws') this.chance.pick(frozen).thaw(this.chance.isHit(0.5));
    else if (next === 'jumps') this.chaos(going, (host) => host.clock.pass(this.chance.below(this.plan.longestMs)));
    else if (next === 'stops') this.chaos(going, (host) => host.state === 'alive' && void host.stop());
    else if (next === 'isTakenForDead') this.chaos(going, (host) => host.disconnect());
    else this.chaos(going, (host) => this.cutOff.set(host, this.nowMs + this.chance.below(2 * this.plan.longestMs)));
    await this.settle();
  }

  private chaos(among: readonly SimulatedHost[], wreak: (host: SimulatedHost) => unknown): void {
    this.faults++;
    wreak(this.chance.pick(among));
  }

  private happen(index: number): void {
    const item = this.agenda.possible[index];
    if (item === undefined) return;
    this.agenda.take(item);
    this.around.note(item.what);
    item.happen();
  }

  /** Time passes for all of them alike, up to the next thing that is due somewhere; except for those that stand still. */
  private passTime(atMostMs: number): void {
    const going = this.hosts.filter(({ isGoing }) => isGoing);
    const ms = Math.min(atMostMs, ...going.map(({ clock }) => clock.untilDueMs));
    this.nowMs += ms;
    for (const host of this.hosts) {
      if (host.isGoing) host.clock.pass(ms);
      else host.frozenForMs += ms;
    }
    const due = going.filter(({ clock }) => clock.untilDueMs === 0);
    if (due.length > 0) this.chance.pick(due).clock.callNext();
  }

  /** Everything that follows without anybody's doing has happened after this. */
  private async settle(): Promise<void> {
    this.steps++;
    await new Promise((resolve) => setImmediate(resolve));
    this.ledger.look();
    for (const host of this.hosts) {
      if (host.broken !== undefined) throw host.broken;
      host.check();
    }
  }

  private join(): void {
    const host = new SimulatedHost(this.hosts.length, this.around);
    this.hosts.push(host);
    void host.start();
  }

  private fate(host: SimulatedHost, verb: string): Fate {
    if (this.isCalm) return 'answered';
    const { refused, answerLost, died } = this.plan.faults;
    const fate = this.isCutOff(host)
      ? 'refused'
      : this.chance.isHit(died)
        ? this.chance.pick(['died before', 'died after'] as const)
        : this.chance.isHit(answerLost)
          ? 'answer lost'
          : this.chance.isHit(refused)
            ? 'refused'
            : 'answered';
    if (fate === 'answered') return fate;
    this.faults++;
    this.around.note(`${host.name} ${verb}: ${fate}`);
    return fate;
  }

  private isCutOff(host: SimulatedHost): boolean {
    return (this.cutOff.get(host) ?? 0) > this.nowMs;
  }

  // --- what users do ---

  private send(host: SimulatedHost): void {
    const { chance } = this;
    const label = `m${++this.sent}`;
    const channel = host.channels.get(chance.pick(['first', 'first', 'second'])) as DurableChannel;
    const key = chance.isHit(0.4) ? chance.pick(['x', 'y']) : undefined;
    const draft = {
      payload: { label: chance.isHit(0.03) ? `${label} ${UNWRITABLE}` : label },
      key,
      sending: {
        ...(key === undefined && chance.isHit(0.3) ? { priority: chance.between(-9, 9) } : {}),
        ...(chance.isHit(0.2) ? { delay: chance.below(this.plan.longestMs) } : {}),
        ...(chance.isHit(0.1) ? { deduplicate: { key: chance.pick(['p', 'q']), window: 1_000 } } : {}),
      },
      expiresMs: chance.isHit(0.1) ? chance.below(this.plan.longestMs) : undefined,
    };
    if (chance.isHit(0.3)) return this.sendWithin(host, channel.envelope.write(draft), label);
    if (chance.isHit(0.3) && draft.expiresMs === undefined && !('deduplicate' in draft.sending)) {
      const reply = new Caller();
      host.requests.push({ label, reply });
      host.house.sender.send(channel, { ...draft, wantsResult: true }, reply).catch(() => reply.refuse());
      return undefined;
    }
    host.house.sender.send(channel, draft).catch(() => {});
    return undefined;
  }

  private sendWithin(
    host: SimulatedHost,
    message: ReturnType<DurableChannel['envelope']['write']>,
    label: string,
  ): void {
    const transaction = this.store.begin();
    let canCommit = false;
    host.house.sender.sendWithin([message], transaction).then(
      () => (canCommit = true),
      () => {},
    );
    this.transactions.push((isCommitted) => {
      if (isCommitted && canCommit) transaction.commit();
      else {
        this.ledger.undone.add(label);
        transaction.rollback();
      }
    });
  }

  private endTransaction(): void {
    const [end] = this.transactions.splice(this.chance.below(this.transactions.length), 1);
    end?.(this.chance.isHit(0.7));
  }

  // --- the end ---

  /** From here on nothing fails any more. */
  private async calmDown(): Promise<void> {
    this.around.note('--- calm ---');
    this.isCalm = true;
    for (const host of this.hosts) if (host.state === 'frozen') host.thaw(this.chance.isHit(0.5));
    if (!this.hosts.some(({ state }) => state === 'alive')) this.join();
    while (this.transactions.length > 0) this.endTransaction();
    await this.settle();
  }

  /** Everything that can happen happens in its order; time passes when there is nothing else. */
  private async calmStep(): Promise<void> {
    if (this.agenda.possible.length > 0) this.happen(0);
    else this.passTime(1_000);
    await this.settle();
  }

  private async drain(): Promise<void> {
    const begunAt = [this.nowMs, this.steps] as const;
    const isOver = (): boolean => this.nowMs - begunAt[0] > CALM_MS || this.steps - begunAt[1] > CALM_STEPS;
    const left = (): string =>
      this.ledger.open
        .map(({ id, channel, key, place }) => `\n  ${id} ${channel} ${key} ${JSON.stringify(place)}`)
        .join('');
    // Whoever waits for an answer has it after one more look, and what was on its way has arrived.
    for (let idleSince = this.nowMs; this.nowMs - idleSince < 1_000;) {
      law(!isOver(), () => `not drained, ${this.unsettled} unsettled, left are:${left()}`);
      await this.calmStep();
      // One that could not start is started again by somebody.
      if (!this.hosts.some(({ state }) => state === 'alive')) this.join();
      if (this.ledger.open.length + this.unsettled > 0) idleSince = this.nowMs;
    }
    for (const host of this.hosts) host.checkReplies();
    for (const label of this.ledger.undone)
      law(!this.ledger.labels.has(label), () => `${label} was rolled back and is there`);
    this.ledger.balance(this.plan.routes);
  }

  private get unsettled(): number {
    return this.hosts.reduce((sum, { unsettled, state }) => sum + (state === 'killed' ? 0 : unsettled.size), 0);
  }

  private async endAll(): Promise<void> {
    this.around.note('--- end ---');
    const stopping = this.hosts.filter(({ isGoing }) => isGoing);
    for (const host of stopping) void host.stop();
    const until = this.nowMs + CALM_MS;
    while (stopping.some(({ state }) => state !== 'stopped')) {
      law(
        this.nowMs < until,
        () =>
          `does not come to its end: ${stopping
            .filter(({ state }) => state !== 'stopped')
            .map(({ name }) => name)
            .join()}`,
      );
      await this.calmStep();
    }
    for (const host of this.hosts) host.checkEnd();
    for (const { id } of this.ledger.open) law(false, () => `message ${id} came back after the end`);
  }
}

const EPOCH_MS = Date.UTC(2026, 0, 1);

/** Somebody who waits for an answer for ever. */
class Caller implements ReplyAddress {
  state: ReplyAddress['state'] = 'waiting';
  onLeave: ((reason: Error) => void) | undefined;

  answer(): boolean {
    return this.settle('answered');
  }

  refuse(): boolean {
    return this.settle('refused');
  }

  progress(): void {}

  private settle(state: 'answered' | 'refused'): boolean {
    if (this.state !== 'waiting') return false;
    this.state = state;
    return true;
  }
}

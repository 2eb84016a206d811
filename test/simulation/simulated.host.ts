import { asError, type ReplyAddress } from '@nestjs-workers/core/extension';
import type { Delivery } from '../../libs/workers/src/message/delivery.js';
import { type Crew, type Relay, Supervisor } from '../../libs/workers/src/lifecycle/supervisor.js';
import { Turn } from '../../libs/workers/src/lifecycle/turn.js';
import { Announcer } from '../../libs/workers/src/observe/announcer.js';
import type { Run } from '../../libs/workers/src/dispatch/dispatcher.js';
import { Completion } from '../../libs/workers/src/worker/completion.js';
import { HandlerContext } from '../../libs/workers/src/worker/worker.context.js';
import { WorkerRunner } from '../../libs/workers/src/worker/worker.runner.js';
import type { DurableChannel } from '../../libs/outbox/src/channel/durable.channel.js';
import type { DurableDeclaration } from '../../libs/outbox/src/channel/durable.js';
import { OutboxHouse } from '../../libs/outbox/src/outbox.house.js';
import type { Claimed, Seat, Settlement } from '../../libs/outbox/src/store/store.js';
import type { Agenda } from './agenda.js';
import type { Chance } from './chance.js';
import { type Fate, FaultyStore } from './faulty.store.js';
import { HostClock } from './host.clock.js';
import { law, type Ledger } from './ledger.js';
import type { Plan } from './plan.js';
import { scriptedDispatcher, type Temper } from './scripted.dispatcher.js';
import type { MemoryStore } from '../../libs/outbox/src/testing/memory.store.js';

/** What a host needs of the simulation around it. */
export interface Surroundings {
  readonly plan: Plan;
  readonly chance: Chance;
  readonly agenda: Agenda;
  readonly ledger: Ledger;
  readonly store: MemoryStore;
  readonly wallMs: () => number;
  readonly temper: () => Temper;
  fate(host: SimulatedHost, verb: string): Fate;
  isWordHeard(host: SimulatedHost): boolean;
  note(what: string): void;
}

/** One handler that was entered. */
interface Entered {
  readonly id: number;
  readonly claim: number;
  readonly channel: string;
  readonly isSuspect: boolean;
  readonly claimedAt: number;
  /** A lease's time had passed when it was claimed. */
  readonly isOverdue: boolean;
  readonly beganAt: number;
  readonly run: Run;
  readonly context: Run['context'];
}

/** A process of the simulation: a real outbox, real runners and a real supervisor on a clock, a store and handlers that are not. */
export class SimulatedHost {
  state: 'alive' | 'frozen' | 'stopping' | 'stopped' | 'killed' = 'alive';
  /** What it does may be stale, because it stood still; until it hears from its store. */
  isStale = false;
  readonly clock: HostClock;
  readonly house: OutboxHouse;
  readonly channels = new Map<string, DurableChannel>();
  readonly runners: WorkerRunner[] = [];
  readonly seats = new Set<number>();
  /** Settlements whose promise is open. */
  readonly unsettled = new Set<Settlement>();
  readonly requests: { readonly label: string; readonly reply: ReplyAddress }[] = [];
  readonly entered: Entered[] = [];
  /** Its handlers that are at work. */
  readonly running = new Set<Entered>();
  frozenForMs = 0;
  private standstills = 0;
  private readonly claims = new Map<number, Claimed & { readonly at: number; readonly isOverdue: boolean }>();
  private readonly supervisor: Supervisor;
  private readonly store: FaultyStore;

  constructor(
    readonly number: number,
    private readonly around: Surroundings,
  ) {
    const { plan, chance } = around;
    this.clock = new HostClock(chance.below(100_000), around.wallMs);
    const announcer = new Announcer();
    announcer.listen((event) => {
      if (event.name !== 'workers.custom') around.note(`${this.name} ${event.name} ${brief(event)}`);
    });
    const lent: Relay[] = [];
    const application = {
      options: { clock: this.clock },
      announcer,
      lendArbiter: () => {},
      lend: (relay: Relay) => lent.push(relay),
      channels: this.channels.values(),
    };
    this.store = new FaultyStore(around.store.another(), {
      fate: (verb) => around.fate(this, verb),
      later: (what, happen) => this.later(what, happen),
      isWordHeard: () => around.isWordHeard(this),
      standstills: () => this.standstills,
      die: () => this.kill(),
      did: {
        enroll: (seat: Seat) => void this.seats.add(seat.host),
        claim: (claimed) => around.ledger.claimed(claimed),
        settle: (settlements, fenced) => around.ledger.wrote(settlements, fenced),
        anything: () => around.ledger.look(),
      },
      told: {
        claimed: (claimed) => {
          const isOverdue = this.house.relay['quarantine']['isPatienceOver'];
          for (const one of claimed) this.claims.set(one.id, { ...one, at: this.clock.now(), isOverdue });
        },
        // Of a seat that it had before, an answer says nothing.
        seated: ({ host }) => {
          if (host === [...this.seats].at(-1)) this.isStale = false;
        },
      },
    });
    this.house = new OutboxHouse({ store: this.store, ...plan.outbox, migrate: true }, application as never, {
      chance: () => chance.next(),
      nextTurn: () => new Promise((resolve) => this.later('the next turn', resolve)),
    });
    this.watchSettling();
    for (const declared of plan.channels) this.open(declared, announcer);
    for (const { channel, out, concurrency, timeoutMs } of plan.workers)
      this.employ(this.channels.get(channel) as DurableChannel, out, concurrency, timeoutMs, announcer);
    const crews = this.runners.map((runner) => crewOf(runner));
    this.supervisor = new Supervisor(
      () => ({ relays: lent, intakes: [], crews, channels: this.channels.values() }),
      { deadlineMs: plan.shutdownMs, abortGraceMs: plan.shutdownMs / 4 },
      this.clock,
      announcer,
      undefined,
    );
  }

  get name(): string {
    return `host ${this.number}`;
  }

  /** Whether anything happens on it now. */
  get isGoing(): boolean {
    return this.state === 'alive' || this.state === 'stopping' || this.state === 'stopped';
  }

  async start(): Promise<void> {
    try {
      await this.supervisor.start();
    } catch (error) {
      // It did not come up, which it may; somebody has it started again.
      this.around.note(`${this.name} did not start: ${asError(error).message}`);
      if (this.isGoing) await this.stop();
    }
  }

  async stop(): Promise<void> {
    this.state = 'stopping';
    await this.supervisor.stop();
    if (this.state === 'stopping') this.state = 'stopped';
  }

  kill(): void {
    this.around.note(`${this.name} dies`);
    this.state = 'killed';
    for (const seat of this.seats) this.around.store.kill(seat);
    this.around.agenda.forget(this.number);
    this.running.clear();
  }

  freeze(): void {
    this.around.note(`${this.name} freezes`);
    this.state = 'frozen';
    this.isStale = true;
    this.frozenForMs = 0;
    this.standstills++;
  }

  /** Its store takes it for dead. */
  disconnect(): void {
    this.around.note(`${this.name} is taken for dead`);
    this.isStale = true;
    this.standstills++;
    for (const seat of this.seats) this.around.store.kill(seat);
    this.store.disconnect();
  }

  thaw(doesClockCatchUp: boolean): void {
    this.around.note(`${this.name} thaws after ${this.frozenForMs} ms`);
    this.state = 'alive';
    if (doesClockCatchUp) this.clock.pass(this.frozenForMs);
  }

  later(what: string, happen: () => void): void {
    if (this.state !== 'killed') this.around.agenda.add(this.number, `${this.name}: ${what}`, happen);
  }

  /** What must be true of it at every step. */
  check(): void {
    if (!this.isGoing) return;
    for (const runner of this.runners) {
      const { inFlight, room } = runner;
      law(inFlight + room <= runner['parts'].concurrency, () => `${this.name}: more taken than there is room for`);
    }
    if (this.isStale) return;
    for (const one of this.running) {
      if (one.context.abortReason !== undefined) continue;
      law(
        this.around.ledger.isHeld(one.id, one.claim, this.seats),
        () =>
          `${this.name} runs message ${one.id} (claim ${one.claim}), does not hold it any more, and nobody told the handler`,
      );
    }
  }

  /** What must be true of it when everything has come to its end. */
  checkEnd(): void {
    if (this.state === 'killed') return;
    for (const runner of this.runners) law(runner.isQuiet, () => `${this.name}: permits are not free at the end`);
    law(this.unsettled.size === 0, () => {
      const [first] = this.unsettled;
      return `${this.name}: the settle promise of ${JSON.stringify(first)} never settled`;
    });
  }

  checkReplies(): void {
    if (this.state !== 'alive') return;
    for (const { label, reply } of this.requests)
      law(reply.state !== 'waiting', () => `${this.name}: the request ${label} was never answered`);
  }

  private open(declared: DurableDeclaration, announcer: Announcer): void {
    const problems: string[] = [];
    const channel = declared.open?.(declared.name, declared.options, { clock: this.clock, announcer }, problems);
    if (problems.length > 0) throw new Error(problems.join());
    this.channels.set(declared.name, channel as DurableChannel);
  }

  private employ(
    channel: DurableChannel,
    out: string | undefined,
    concurrency: number,
    timeoutMs: number,
    announcer: Announcer,
  ): void {
    const { clock } = this;
    const { chance, plan } = this.around;
    const name = `Worker of ${channel.name}`;
    const routed = out === undefined ? undefined : this.channels.get(out);
    const to = {
      worker: name,
      in: channel.name,
      out: undefined,
      outputDrop: 'output-drop' as const,
      failures: undefined,
    };
    const info = { name, in: channel.name, out, concurrency, timeoutMs };
    const house = { info, channels: {}, logger: console, announcer, clock, stats: () => ({}) as never };
    const runner = new WorkerRunner({
      name,
      channel: channel.name,
      concurrency,
      timeoutMs,
      dispatcher: scriptedDispatcher({
        chance,
        clock,
        temper: this.around.temper,
        longestMs: plan.longestMs,
        later: (what, happen) => this.later(what, happen),
        entered: (run) => this.enter(run, channel.name),
      }),
      completion: new Completion(to, clock, announcer),
      contextFor: (delivery: Delivery) => new HandlerContext(house, delivery),
      clock,
      turn: new SimulatedTurn(chance, (work) => this.later('the rest of a turn', work)),
      announcer,
      onBusy: () => {},
      onAborted: () => {},
    });
    const source = this.house.sender.sourceFor(channel, runner, routed);
    const start = runner.start.bind(runner);
    runner.start = () => start(source);
    this.runners.push(runner);
  }

  private enter(run: Run, channel: string): () => void {
    const { ledger, plan } = this.around;
    const { message } = run;
    const id = Number(message.id);
    const claimed = this.claims.get(id);
    if (this.state === 'killed' || claimed === undefined) return () => {};
    this.around.note(`${this.name} enters ${id} (claim ${claimed.claim}, attempt ${message.attempt})`);
    const truth = ledger.message(id);
    const one: Entered = {
      id,
      claim: claimed.claim,
      channel,
      isSuspect: claimed.isSuspect,
      claimedAt: claimed.at,
      isOverdue: claimed.isOverdue,
      beganAt: this.clock.now(),
      run,
      context: run.context,
    };
    if (!this.isStale) {
      law(ledger.isHeld(id, claimed.claim, this.seats), () => `${this.name} enters message ${id} without holding it`);
      law(
        message.attempt === truth.history.length + 1,
        () => `${this.name} counts attempt ${message.attempt} of message ${id}, after ${truth.history.length} failures`,
      );
      law(!claimed.isExpired, () => `${this.name} enters message ${id}, which has expired`);
      const older = ledger.before(id, claimed.claim);
      law(older === undefined, () => `${this.name} enters message ${id} before ${older?.id}, which has the same key`);
      this.checkAlone(one, plan.outbox.relay.lease);
    }
    this.entered.push(one);
    this.running.add(one);
    return () => {
      this.running.delete(one);
    };
  }

  private checkAlone(one: Entered, lease: number): void {
    for (const other of this.running) {
      const later = one.claimedAt >= other.claimedAt ? one : other;
      const first = later === one ? other : one;
      // After a lease's time nobody waits for the other one.
      if (later.claimedAt - first.claimedAt >= lease || (later.isSuspect && later.isOverdue)) continue;
      if (one.run === other.run) continue;
      if (other.context.abortReason !== undefined) continue;
      law(
        !one.isSuspect && !other.isSuspect,
        () => `${this.name} runs message ${one.id} beside ${other.id}, and one of them is a suspect`,
      );
    }
  }

  /** Each settle promise settles, and what it says is true. */
  private watchSettling(): void {
    const claims = this.house.relay['claims'];
    const { ledger } = this.around;
    const settle = claims.settle.bind(claims);
    claims.settle = async (delivery, settlement): Promise<void> => {
      this.unsettled.add(settlement);
      try {
        await settle(delivery, settlement);
        law(
          ledger.isWritten(settlement),
          () => `${this.name} was told that ${settlement.type} of message ${settlement.id} is written, and it is not`,
        );
      } catch (error) {
        if (error instanceof Error && error.name === 'BrokenLaw') this.broken ??= error;
        throw error;
      } finally {
        this.unsettled.delete(settlement);
      }
    };
  }

  /** A law that was broken where nobody could hear it. */
  broken: Error | undefined;
}

class SimulatedTurn extends Turn {
  constructor(
    private readonly chance: Chance,
    private readonly later: (work: () => void) => void,
  ) {
    super();
  }

  override isOver(): boolean {
    return this.chance.isHit(0.1);
  }

  override resume(work: () => void): void {
    this.later(work);
  }
}

function crewOf(runner: WorkerRunner): Crew {
  return {
    name: runner.name,
    get isQuiet() {
      return runner.isQuiet;
    },
    get isDrained() {
      return runner.isDrained;
    },
    get onQuiet() {
      return runner.onQuiet;
    },
    set onQuiet(call: (() => void) | undefined) {
      runner.onQuiet = call;
    },
    start: () => (runner as unknown as { start(): Promise<void> }).start(),
    stop: (limitMs) => runner.stop(limitMs),
    stopTaking: () => runner.stopTaking(),
    askToStop: (reason) => runner.askToStop(reason),
    abort: (reason) => runner.abort(reason),
    takeRest: () => runner.takeRest(),
  };
}

function brief(event: object): string {
  return Object.entries(event)
    .filter(([name]) => ['messageId', 'state', 'reason', 'source', 'kind', 'host'].includes(name))
    .map(([name, value]) => `${name}=${String(value)}`)
    .concat('error' in event && event.error instanceof Error ? [event.error.message] : [])
    .join(' ');
}

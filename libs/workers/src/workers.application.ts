import type { Channel } from './channel/channel.js';
import type { ChannelDeclaration } from './channel/channel.declaration.js';
import { payloadProblems } from './channel/payload.check.js';
import { ChannelRegistry } from './channel/channel.registry.js';
import type { Entrance } from './gateway/entrance.js';
import { AwayDoor } from './gateway/away.door.js';
import type { Door, HostPart, Premises, WorkerClass } from './gateway/worker.gateway.js';
import type { Controllable, ControlPremises, TickerClass } from './gateway/workers.control.js';
import type { Guarding } from './dispatch/guarding.js';
import type { BlockReport } from './guard/block.report.js';
import { Guard } from './guard/guard.js';
import { Deadlines } from './lifecycle/deadlines.js';
import { type Crew, type Intake, type Relay, Supervisor } from './lifecycle/supervisor.js';
import { Turn } from './lifecycle/turn.js';
import { Announcer } from './observe/announcer.js';
import type { Distribution } from './observe/histogram.js';
import { StarvationWatch } from './observe/load.js';
import type { TickerStats, WorkersStats, WorkerStats } from './observe/stats.js';
import type { Arbiter } from './ticker/arbiter.js';
import { ConfigurationError } from './option.table.js';
import { type ResolvedOptions, resolveModuleOptions } from './workers.options.js';
import type { Listeners } from './workers.listeners.js';
import { isServed } from './workers.roles.js';

/** What a worker and a ticker have in common for the application. */
interface AssembledRunner {
  readonly crew: Crew;
  /** Whether this process runs it; the others are known and never started. */
  readonly isHere: boolean;
  readonly out: Channel | undefined;
  readonly failures: Channel | undefined;
  /** `inline`, `thread`, `process`, or what a dispatch plan calls itself. */
  readonly dispatch: string;
  readonly control: Controllable;
  distributions(): Distributions;
}

/** How long a worker's messages waited and ran. Of a ticker only the running says something. */
export interface Distributions {
  readonly waitMs: Distribution;
  readonly runMs: Distribution;
}

/** A worker as the application keeps it. */
export interface AssembledWorker extends AssembledRunner {
  readonly in: Channel;
  readonly target: WorkerClass;
  /** Open to the gateway only when it is exposed. */
  readonly entrance: Entrance;
  readonly isExposed: boolean;
  stats(): WorkerStats;
}

/** A ticker as the application keeps it. */
export interface AssembledTicker extends AssembledRunner {
  readonly target: TickerClass;
  readonly intake: Intake;
  /** A ticker that is not enabled is counted and never started. */
  readonly isEnabled: boolean;
  stats(): TickerStats;
}

/** What the classes of the application come to. */
export interface Assembled {
  readonly workers: readonly AssembledWorker[];
  readonly tickers: readonly AssembledTicker[];
}

/** What builds runners from decorated classes; adds what is wrong to `problems`. */
export type Assemble = (application: WorkersApplication, problems: string[]) => Assembled;

/**
 * Everything one application's workers share, built from its options: the common ground of the gateway, the hooks and the runners.
 *
 * Channels are open from the moment it exists. The decorated classes are assembled at the first use, which is when Nest calls the first
 * start hook that sends something, or our own: by then every provider is known. What is wrong with the configuration is collected
 * and thrown once, as one `ConfigurationError`.
 */
export class WorkersApplication implements Premises, ControlPremises {
  readonly options: ResolvedOptions;
  readonly announcer: Announcer;
  readonly channels: ChannelRegistry;
  readonly deadlines: Deadlines;
  readonly turn = new Turn();
  readonly supervisor: Supervisor;
  readonly guarding: Guarding;
  readonly listeners: Listeners;
  /** Workers and tickers whose failures somebody takes, by name. */
  readonly withFailures = new Set<string>();
  private readonly starvation: StarvationWatch;
  private readonly problems: string[] = [];
  private readonly relays: Relay[] = [];
  private readonly parts = new Map<string, HostPart>();
  private lentArbiter: Arbiter | undefined;
  private assembled: Assembled | undefined;
  private readonly entrances = new Map<string | WorkerClass, Door | 'hidden'>();
  private readonly controls = new Map<string | WorkerClass | TickerClass, Controllable>();

  constructor(
    options: object,
    declarations: readonly ChannelDeclaration[],
    private readonly assemble: Assemble,
    listen: (application: WorkersApplication) => Listeners,
  ) {
    this.options = resolveModuleOptions(options, this.problems);
    const { clock, redact, shutdown, onLeftover, starvationAfter } = this.options;
    this.announcer = new Announcer(redact);
    this.deadlines = new Deadlines(clock);
    this.channels = new ChannelRegistry(clock, this.announcer);
    this.channels.declare(declarations, this.problems);
    this.starvation = new StarvationWatch(this.channels, starvationAfter, clock, this.announcer);
    const bounds = { deadlineMs: shutdown.deadline, abortGraceMs: shutdown.abortGrace };
    this.supervisor = new Supervisor(() => this.house(), bounds, clock, this.announcer, onLeftover);
    this.guarding = this.newGuarding();
    this.listeners = listen(this);
  }

  /** Who decides which host ticks, for singleton tickers: what the options name, else what an extension lent. */
  get arbiter(): Arbiter | undefined {
    return this.options.arbiter ?? this.lentArbiter;
  }

  lendArbiter(arbiter: Arbiter): void {
    this.lentArbiter = arbiter;
  }

  /** Has `relay` opened, started, stopped and closed with this application; before it starts. */
  lend(relay: Relay): void {
    this.relays.push(relay);
  }

  /** Has `part` answer what the package of this name asks inside isolates. */
  lendPart(name: string, part: HostPart): void {
    this.parts.set(name, part);
  }

  part(name: string): HostPart | undefined {
    return this.parts.get(name);
  }

  /** Something is wrong with the configuration: the start will say so, with everything else that is. */
  refuse(problem: string): void {
    this.problems.push(problem);
  }

  /** Refuses what channels declare as payload and nobody could check. To find out takes time, since the packages that check are optional. */
  async examinePayloads(): Promise<void> {
    for (const { name, options } of this.channels) {
      if (options.payload !== undefined) this.problems.push(...(await payloadProblems(name, options.payload)));
    }
  }

  /**
   * Builds every runner, once.
   *
   * @throws ConfigurationError with everything that is wrong
   */
  open(): Assembled {
    if (this.assembled !== undefined && this.problems.length === 0) return this.assembled;
    const problems = [...this.problems];
    const assembled = this.assembled ?? this.assemble(this, problems);
    // A channel is looked at wherever it is declared or injected, and a twin is found each time.
    if (problems.length > 0) throw new ConfigurationError([...new Set(problems)]);
    for (const { crew, target, control, failures } of [...assembled.workers, ...assembled.tickers]) {
      this.controls.set(crew.name, control).set(target, control);
      if (failures !== undefined) this.withFailures.add(crew.name);
    }
    for (const worker of assembled.workers) {
      const { crew, target, entrance, isExposed } = worker;
      const door = isServed(worker.in, assembled.workers) ? entrance : new AwayDoor(crew.name, worker.in, entrance);
      const found = isExposed ? door : 'hidden';
      this.entrances.set(crew.name, found);
      this.entrances.set(target, found);
    }
    this.assembled = assembled;
    return assembled;
  }

  entrance(worker: string | WorkerClass): Door | 'hidden' | undefined {
    if (this.assembled === undefined) this.open();
    return this.entrances.get(worker);
  }

  names(): { all: readonly string[]; exposed: readonly string[] } {
    const { workers } = this.open();
    const exposed = workers.filter(({ isExposed }) => isExposed);
    return { all: workers.map(({ crew }) => crew.name), exposed: exposed.map(({ crew }) => crew.name) };
  }

  controllable(target: string | WorkerClass | TickerClass): Controllable | undefined {
    this.open();
    return this.controls.get(target);
  }

  controllables(): readonly string[] {
    const { workers, tickers } = this.open();
    return [...workers, ...tickers].map(({ crew }) => crew.name);
  }

  channel<T>(named: ChannelDeclaration<T> | string): Channel<T> {
    return this.channels.get(named);
  }

  /** The channel that a feature module declares; opened now, if its module was not looked at yet. @throws ConfigurationError once all runs */
  declared<T>(declaration: ChannelDeclaration<T>): Channel<T> {
    const problems = this.assembled === undefined ? this.problems : [];
    this.channels.declare([declaration], problems);
    if (this.assembled !== undefined && problems.length > 0) throw new ConfigurationError(problems);
    return this.channels.get(declaration);
  }

  stats(): WorkersStats {
    const { workers, tickers } = this.open();
    return {
      state: this.supervisor.state,
      channels: Object.fromEntries([...this.channels].map((channel) => [channel.name, channel.stats()])),
      workers: Object.fromEntries(workers.map((worker) => [worker.crew.name, worker.stats()])),
      tickers: Object.fromEntries(tickers.map((ticker) => [ticker.crew.name, ticker.stats()])),
      relays: Object.fromEntries(
        this.relays.flatMap((relay) => (relay.stats === undefined ? [] : [[relay.name, relay.stats()]])),
      ),
    };
  }

  /** The channels whose messages wait too long. */
  starving(): readonly string[] {
    return this.starvation.names;
  }

  /** The distributions of every worker and ticker, by name. */
  distributions(): Readonly<Record<string, Distributions>> {
    const { workers, tickers } = this.open();
    return Object.fromEntries([...workers, ...tickers].map((one) => [one.crew.name, one.distributions()]));
  }

  start(): Promise<void> {
    this.open();
    this.starvation.start();
    if (this.guarding.mode !== 'off') this.guarding.guard.open();
    return this.supervisor.start();
  }

  stop(): Promise<void> {
    this.starvation.stop();
    return this.supervisor.stop().finally(() => {
      this.guarding.guard.close();
      this.deadlines.close();
    });
  }

  private newGuarding(): Guarding {
    const { guard: mode, guardMs } = this.options;
    const onReport = ({ worker, messageId, blockedMs, location, stack }: BlockReport): void =>
      this.announcer.announce('workers.blocked', { worker, messageId, blockedMs, location, stack });
    const guard = new Guard({ house: this.supervisor, guardMs, isWatched: mode === 'fail', onReport });
    return { mode, guard, announcer: this.announcer };
  }

  /** Told when an inline runner has its first message in flight, and when it has none any more. */
  guardBusy(isBusy: boolean): void {
    if (isBusy) this.guarding.guard.enter();
    else this.guarding.guard.leave();
  }

  private house() {
    const { workers, tickers } = this.assembled ?? { workers: [], tickers: [] };
    const enabled = tickers.filter(({ isEnabled, isHere }) => isEnabled && isHere);
    const here = workers.filter(({ isHere }) => isHere);
    return {
      relays: this.relays,
      intakes: enabled.map(({ intake }) => intake),
      crews: [...here, ...enabled].map(({ crew }) => crew),
      channels: this.channels,
    };
  }
}

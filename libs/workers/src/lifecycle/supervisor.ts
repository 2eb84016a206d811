import type { Channel } from '../channel/channel.js';
import { asError } from '../message/fault.js';
import type { Message } from '../message/message.js';
import type { Announcer } from '../observe/announcer.js';
import type { Clock, Timer } from './clock.js';
import { inside } from './inside.js';
import { WorkersStoppingError } from './stop.errors.js';

/** A source of messages that is stopped before all others: tickers, relays. */
export interface Intake {
  readonly name: string;
  start(): Promise<void> | void;
  stop(): Promise<void> | void;
}

/** One worker or ticker at work, as the supervisor sees it. */
export interface Crew {
  readonly name: string;
  /** Whether nothing is in flight, unsettled or about to start. */
  readonly isQuiet: boolean;
  /** Whether it is quiet and nothing waits for it. */
  readonly isDrained: boolean;
  /** Called whenever it falls quiet. */
  onQuiet: (() => void) | undefined;
  start(): Promise<void> | void;
  stopTaking(): void;
  askToStop(reason: Error): void;
  abort(reason: Error): void;
  takeRest(): Message[];
  stop(): Promise<void> | void;
}

/** What a stop left behind, by channel (never started) or by worker (started, not finished). */
export interface Leftover {
  readonly from: string;
  readonly kind: 'waiting' | 'aborted';
  readonly messages: readonly Message[];
}

export interface Shutdown {
  /** For everything, the grace included. */
  readonly deadlineMs: number;
  /** Between asking handlers to stop and giving up on them. */
  readonly abortGraceMs: number;
}

/** Everything that is started and stopped together. */
export interface House {
  readonly intakes: readonly Intake[];
  readonly crews: readonly Crew[];
  readonly channels: Iterable<Channel>;
}

/**
 * Starts everything in order, and stops it in reverse under one deadline.
 *
 * States: `idle` -> `starting` -> `running` -> `draining` -> `stopped`. It never goes back; a stopped application is built anew.
 *
 * Stopping: intakes first; outsiders are refused, running handlers may still send; then it waits until nothing waits and nothing
 * runs; then signals are aborted; after the grace what still runs is given up; channels close; what was left is reported by name.
 *
 * Promises: `start` and `stop` may be called twice, and stop before start; `stop` never rejects and takes no longer than the deadline.
 */
export class Supervisor {
  state: 'idle' | 'starting' | 'running' | 'draining' | 'stopped' = 'idle';
  private starting: Promise<void> | undefined;
  private stopping: Promise<void> | undefined;
  private readonly aborted = new Map<string, Message[]>();

  constructor(
    private readonly house: () => House,
    private readonly shutdown: Shutdown,
    private readonly clock: Clock,
    private readonly announcer: Announcer,
    private readonly onLeftover: ((leftovers: readonly Leftover[]) => unknown) | undefined,
  ) {}

  /** Whether a message may come in: from anybody until the stop begins, from running handlers until everything is drained. */
  get isOpen(): boolean {
    if (this.state !== 'draining' && this.state !== 'stopped') return true;
    return this.state === 'draining' && inside.getStore()?.house === this;
  }

  /** @throws WorkersStoppingError when the application stops or has stopped; whatever a dispatcher throws that cannot start */
  start(): Promise<void> {
    if (this.stopping !== undefined) return Promise.reject(new WorkersStoppingError('The workers were to be started'));
    this.starting ??= this.startAll();
    return this.starting;
  }

  stop(): Promise<void> {
    this.stopping ??= this.stopAll();
    return this.stopping;
  }

  /** Notes a message whose handler was given up, for the report. */
  noteAborted(crew: string, message: Message): void {
    if (this.state !== 'draining') return;
    const noted = this.aborted.get(crew);
    if (noted === undefined) this.aborted.set(crew, [message]);
    else noted.push(message);
  }

  private async startAll(): Promise<void> {
    this.state = 'starting';
    const { crews, intakes } = this.house();
    const tickers = intakes.map(({ name }) => name);
    await Promise.all(crews.map(async (crew) => crew.start()));
    await Promise.all(intakes.map(async (intake) => intake.start()));
    if (this.stopping !== undefined) return;
    this.state = 'running';
    this.announcer.announce('workers.running', {
      workers: crews.map(({ name }) => name).filter((name) => !tickers.includes(name)),
      tickers,
    });
  }

  private async stopAll(): Promise<void> {
    const startedAt = this.clock.now();
    const wasStarted = this.starting !== undefined;
    this.state = 'draining';
    await this.safely('start', () => this.starting);
    const house = this.house();
    if (wasStarted) await this.drain(house);
    for (const crew of house.crews) crew.stopTaking();
    if (wasStarted) await this.giveUp(house);
    await Promise.all(house.crews.map((crew) => this.safely(crew.name, () => crew.stop())));
    this.state = 'stopped';
    const leftovers = this.collect(house);
    await this.report(leftovers, this.clock.now() - startedAt);
  }

  private async drain({ intakes, crews }: House): Promise<void> {
    await Promise.all(intakes.map((intake) => this.safely(intake.name, () => intake.stop())));
    const isDrained = (): boolean => crews.every((crew) => crew.isDrained);
    await this.until(isDrained, crews, this.shutdown.deadlineMs - this.shutdown.abortGraceMs);
  }

  private async giveUp({ crews }: House): Promise<void> {
    const reason = new WorkersStoppingError('A handler was still running');
    for (const crew of crews) crew.askToStop(reason);
    await this.until(() => crews.every((crew) => crew.isQuiet), crews, this.shutdown.abortGraceMs);
    for (const crew of crews) crew.abort(reason);
  }

  /** Waits until `isTrue`, asked whenever a crew falls quiet, or until the time is over. */
  private until(isTrue: () => boolean, crews: readonly Crew[], limitMs: number): Promise<void> {
    if (isTrue()) return Promise.resolve();
    return new Promise((resolve) => {
      let timer: Timer | undefined = undefined;
      const done = (): void => {
        timer?.cancel();
        for (const crew of crews) crew.onQuiet = undefined;
        resolve();
      };
      timer = this.clock.after(limitMs, done);
      for (const crew of crews) crew.onQuiet = () => isTrue() && done();
    });
  }

  private collect({ channels, crews }: House): Leftover[] {
    const leftovers: Leftover[] = [];
    const note = (from: string, kind: Leftover['kind'], messages: readonly Message[]): void => {
      if (messages.length > 0) leftovers.push({ from, kind, messages });
    };
    for (const crew of crews) note(crew.name, 'waiting', crew.takeRest());
    for (const channel of channels) {
      channel.complete();
      note(channel.name, 'waiting', channel.takeRest());
    }
    for (const [crew, messages] of this.aborted) note(crew, 'aborted', messages);
    for (const { messages } of leftovers) {
      for (const { reply } of messages) reply?.refuse(new WorkersStoppingError('A request still waited'));
    }
    return leftovers;
  }

  private async report(leftovers: readonly Leftover[], tookMs: number): Promise<void> {
    const counts: Record<string, number> = {};
    for (const { from, messages } of leftovers) counts[from] = (counts[from] ?? 0) + messages.length;
    if (leftovers.length > 0) await this.safely('onLeftover', () => this.onLeftover?.(leftovers));
    this.announcer.announce('workers.stopped', { tookMs, leftovers: counts });
  }

  private async safely(source: string, call: () => unknown): Promise<void> {
    try {
      await call();
    } catch (error) {
      this.announcer.fault(source, asError(error));
    }
  }
}

import type { Channel } from '../channel/channel.js';
import { asError } from '../message/fault.js';
import type { Message } from '../message/message.js';
import type { RelayStats } from '../observe/stats.js';
import type { Announcer } from '../observe/announcer.js';
import type { Clock, Timer } from './clock.js';
import { inside } from './inside.js';
import { WorkersStoppingError } from './stop.errors.js';

/** A source of messages that is stopped before all others: a ticker, a relay. */
export interface Intake {
  readonly name: string;
  start(): Promise<void> | void;
  stop(): Promise<void> | void;
}

/** An intake that fetches messages from outside for several workers, and has to be there before them and after them. */
export interface Relay extends Intake {
  /** How it fares; for statistics. */
  stats?(): RelayStats;
  /** Makes it usable, before any worker starts. Rejects when it cannot be; the application then does not start. */
  open(): Promise<void>;
  /** Gives everything back, when no worker runs any more. */
  close(): Promise<void>;
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
  /** Gives everything back, within `limitMs` where that can take time. */
  stop(limitMs: number): Promise<void> | void;
}

/** What a stop left behind, by channel (never started) or by worker (started, not finished). */
export interface Leftover {
  readonly from: string;
  readonly kind: 'waiting' | 'aborted';
  readonly messages: Message[];
}

/** What has to be done however late it is, giving dispatchers back and handing over what was left, gets this long at least. */
const LAST_WORK_MS = 1_000;

export interface Shutdown {
  /** For everything, the grace included. */
  readonly deadlineMs: number;
  /** Between asking handlers to stop and giving up on them. */
  readonly abortGraceMs: number;
}

/** Everything that is started and stopped together. */
export interface House {
  readonly relays: readonly Relay[];
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
  private readonly leftovers: Leftover[] = [];

  constructor(
    private readonly house: () => House,
    private readonly shutdown: Shutdown,
    private readonly clock: Clock,
    private readonly announcer: Announcer,
    private readonly onLeftover: ((leftovers: readonly Leftover[]) => unknown) | undefined,
  ) {}

  /** Whether a message may come in: from anybody until the stop begins, from running handlers until everything is drained. */
  get isOpen(): boolean {
    return this.state === 'running' || this.isOpenNow();
  }

  private isOpenNow(): boolean {
    if (this.state === 'draining') return inside.getStore()?.house === this;
    return this.state !== 'stopped';
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
    if (this.state === 'draining') this.note(crew, 'aborted', [message]);
  }

  private async startAll(): Promise<void> {
    this.state = 'starting';
    const { crews, intakes, relays } = this.house();
    const tickers = intakes.map(({ name }) => name);
    await Promise.all(relays.map((relay) => relay.open()));
    if (this.stopping !== undefined) return;
    await Promise.all(crews.map(async (crew) => crew.start()));
    if (this.stopping !== undefined) return;
    await Promise.all([...relays, ...intakes].map(async (intake) => intake.start()));
    if (this.stopping !== undefined) return;
    this.state = 'running';
    this.announcer.announce('workers.running', {
      workers: crews.map(({ name }) => name).filter((name) => !tickers.includes(name)),
      tickers,
    });
  }

  private async stopAll(): Promise<void> {
    const endsAt = this.clock.now() + this.shutdown.deadlineMs;
    const wasStarted = this.starting !== undefined;
    this.state = 'draining';
    const drainEndsAt = endsAt - this.shutdown.abortGraceMs;
    await this.safely('start', () => this.inTime('the start', this.leftUntil(drainEndsAt), this.starting));
    const house = this.house();
    if (wasStarted) await this.drain(house, drainEndsAt);
    for (const crew of house.crews) {
      crew.stopTaking();
      this.note(crew.name, 'waiting', crew.takeRest());
    }
    if (wasStarted) await this.giveUp(house, endsAt);
    await Promise.all(house.crews.map((crew) => this.giveBack(crew, endsAt)));
    await Promise.all(house.relays.map((relay) => this.closeRelay(relay, endsAt)));
    this.state = 'stopped';
    this.closeChannels(house);
    await this.report(endsAt);
  }

  private async drain({ relays, intakes, crews }: House, endsAt: number): Promise<void> {
    const limitMs = this.leftUntil(endsAt);
    await Promise.all(
      [...relays, ...intakes].map((intake) =>
        this.safely(intake.name, () => this.inTime('its stop', limitMs, intake.stop())),
      ),
    );
    const isDrained = (): boolean => crews.every((crew) => crew.isDrained);
    await this.until(isDrained, crews, this.leftUntil(endsAt));
  }

  private async giveUp({ crews }: House, endsAt: number): Promise<void> {
    const reason = new WorkersStoppingError('A handler was still running');
    for (const crew of crews) crew.askToStop(reason);
    await this.until(
      () => crews.every((crew) => crew.isQuiet),
      crews,
      Math.min(this.shutdown.abortGraceMs, this.leftUntil(endsAt)),
    );
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

  private closeChannels({ channels }: House): void {
    for (const channel of channels) {
      channel.complete();
      this.note(channel.name, 'waiting', channel.takeRest());
    }
  }

  private note(from: string, kind: Leftover['kind'], messages: readonly Message[]): void {
    const noted = this.leftovers.find((leftover) => leftover.from === from && leftover.kind === kind);
    // One by one: spread into arguments, a hundred thousand messages overflow the stack.
    if (noted !== undefined) for (const message of messages) noted.messages.push(message);
    else if (messages.length > 0) this.leftovers.push({ from, kind, messages: [...messages] });
    if (kind === 'aborted') return;
    for (const { reply } of messages) reply?.refuse(new WorkersStoppingError('A request still waited'));
  }

  private async report(endsAt: number): Promise<void> {
    const tookMs = this.clock.now() - endsAt + this.shutdown.deadlineMs;
    const counts: Record<string, number> = {};
    for (const { from, messages } of this.leftovers) counts[from] = (counts[from] ?? 0) + messages.length;
    if (this.leftovers.length > 0) await this.safely('onLeftover', () => this.handOver(endsAt));
    this.announcer.announce('workers.stopped', { tookMs, leftovers: counts });
  }

  private async handOver(endsAt: number): Promise<void> {
    await this.inTime('the hook', Math.max(LAST_WORK_MS, this.leftUntil(endsAt)), this.onLeftover?.(this.leftovers));
  }

  private async giveBack(crew: Crew, endsAt: number): Promise<void> {
    const limitMs = Math.max(LAST_WORK_MS, this.leftUntil(endsAt));
    await this.safely(crew.name, () => this.inTime('giving its dispatcher back', limitMs, crew.stop(limitMs)));
  }

  private async closeRelay(relay: Relay, endsAt: number): Promise<void> {
    const limitMs = Math.max(LAST_WORK_MS, this.leftUntil(endsAt));
    await this.safely(relay.name, () => this.inTime('its end', limitMs, relay.close()));
  }

  private leftUntil(endsAt: number): number {
    return Math.max(0, endsAt - this.clock.now());
  }

  /** Waits for `work` for `limitMs` and no longer. */
  private async inTime(what: string, limitMs: number, work: unknown): Promise<void> {
    let timer: Timer | undefined;
    const late = new Promise<never>((_, reject) => {
      const over = () => reject(new Error(`${what} took longer than ${limitMs} ms and is not waited for`));
      timer = this.clock.after(limitMs, over);
    });
    try {
      await Promise.race([work, late]);
    } finally {
      timer?.cancel();
    }
  }

  private async safely(source: string, call: () => unknown): Promise<void> {
    try {
      await call();
    } catch (error) {
      this.announcer.fault(source, asError(error));
    }
  }
}

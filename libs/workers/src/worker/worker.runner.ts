import type { Dispatcher } from '../dispatch/dispatcher.js';
import type { Clock } from '../lifecycle/clock.js';
import type { Turn } from '../lifecycle/turn.js';
import type { Delivery } from '../message/delivery.js';
import { fault } from '../message/fault.js';
import type { Message } from '../message/message.js';
import type { Outcome } from '../message/outcome.js';
import type { Source, Taker } from '../message/source.js';
import type { Announcer, Topic } from '../observe/announcer.js';
import type { WorkerStats } from '../observe/stats.js';
import type { Completion } from './completion.js';
import type { Lane, LaneOwner } from './lane.js';
import { Lanes } from './lanes.js';
import { Permits } from './permits.js';
import { Pump, type Pumped } from './pump.js';
import { Timeouts } from './timeouts.js';
import { WorkerBooks } from './worker.books.js';
import type { HandlerContext } from './worker.context.js';

/** What one runner is made of. */
export interface RunnerParts {
  readonly name: string;
  readonly channel: string | undefined;
  readonly concurrency: number;
  readonly timeoutMs: number | undefined;
  readonly dispatcher: Dispatcher;
  readonly completion: Completion;
  /** A fresh context, whose `delivery` is the one given. */
  readonly contextFor: (delivery: Delivery) => HandlerContext;
  readonly clock: Clock;
  readonly turn: Turn;
  readonly announcer: Announcer;
  /** Told when the first message is in flight, and when none is any more. */
  readonly onBusy: (isBusy: boolean) => void;
  /** Told of a message whose handler was given up. */
  readonly onAborted: (message: Message) => void;
}

/**
 * The heart: take -> dispatch -> outcome -> completion, for one worker.
 *
 * States: `idle` until started; `running`; `stopped`, when it takes nothing any more.
 *
 * Promises: nothing is taken without a free permit; the permit goes back before the outcome is handed on; at most 2 x concurrency
 * outcomes are unsettled, and what its source allows beside; while that many are, nothing is taken.
 * Does not promise: an order between messages when concurrency is above 1 and no key is given.
 *
 * When it takes is `pump.ts`; how much it may have in hand is `permits.ts`.
 *
 * Invariant: `isHungry` is true only while a permit is free and the source has nothing to take.
 */
export class WorkerRunner implements LaneOwner, Pumped, Taker {
  readonly books = new WorkerBooks();
  readonly name: string;
  readonly timeoutMs: number | undefined;
  /** Whether a delivery may be given right now. */
  isHungry = false;
  /** Called whenever nothing is in flight, unsettled or about to start. */
  onQuiet: (() => void) | undefined;
  onRoom: (() => void) | undefined;
  private state: 'idle' | 'running' | 'stopped' = 'idle';
  /** Orthogonal to its state: one that is not started yet may be paused. */
  private isHalted = false;
  private source: Source | undefined;
  /** What was given and not started yet; each holds a permit. */
  private readonly inbox: Delivery[] = [];
  private readonly lanes = new Lanes(this);
  private readonly permits: Permits;
  private readonly pump: Pump;
  private readonly timeouts: Timeouts | undefined;
  private readonly startedTopic: Topic<'workers.started'>;

  constructor(private readonly parts: RunnerParts) {
    const { announcer, clock, concurrency, name, onBusy, timeoutMs, turn } = parts;
    this.name = name;
    this.timeoutMs = timeoutMs;
    if (timeoutMs !== undefined) this.timeouts = new Timeouts(clock, timeoutMs, this.lanes);
    this.permits = new Permits(concurrency, (isBusy) => {
      onBusy(isBusy);
      if (!isBusy) this.timeouts?.rest();
    });
    this.pump = new Pump(turn, this);
    this.startedTopic = announcer.topic('workers.started');
  }

  /** Messages taken whose outcome is not recorded. */
  get inFlight(): number {
    return this.permits.inUse;
  }

  /** Whether nothing is in flight, unsettled or about to start. */
  get isQuiet(): boolean {
    return this.permits.isQuiet;
  }

  get room(): number {
    return this.state === 'running' && !this.isHalted ? this.permits.room : 0;
  }

  allowUnsettled(more: number): void {
    this.permits.allowUnsettled(more);
  }

  disown(delivery: Delivery, reason: Error): void {
    const index = this.inbox.indexOf(delivery);
    if (index >= 0) this.forget(index);
    this.lanes.disown(delivery, reason);
  }

  async start(source: Source): Promise<void> {
    this.source = source;
    await this.parts.dispatcher.start();
    this.state = 'running';
    this.pump.start();
  }

  /** Takes a delivery; called only while hungry. Its handler starts in a microtask, never inside the sender's call. */
  give(delivery: Delivery): void {
    this.inbox.push(delivery);
    this.permits.use();
    if (this.isFull) this.isHungry = false;
    this.pump.wake();
  }

  get isPaused(): boolean {
    return this.isHalted;
  }

  /** How many messages it may have in flight. */
  get concurrency(): number {
    return this.permits.concurrency;
  }

  /** Takes nothing until `resume`; what is in flight goes on. False when it is paused already. */
  pause(): boolean {
    if (this.isHalted) return false;
    this.isHalted = true;
    this.isHungry = false;
    this.source?.giveBack?.();
    if (this.isQuiet) this.onQuiet?.();
    return true;
  }

  /** Takes again; false when it is not paused. */
  resume(): boolean {
    if (!this.isHalted) return false;
    this.isHalted = false;
    if (this.state === 'running') this.pump.wake();
    return true;
  }

  /** How many messages it may have in flight from now on. What is above a lower number is finished. */
  setConcurrency(concurrency: number): void {
    this.permits.setConcurrency(concurrency);
    if (this.isFull) this.isHungry = false;
    else if (this.state === 'running') this.pump.wake();
  }

  /** Takes nothing any more. What is in flight goes on. */
  stopTaking(): void {
    this.state = 'stopped';
    this.pump.stop();
    this.isHungry = false;
  }

  /** Aborts the signals of everything in flight and goes on waiting. */
  askToStop(reason: Error): void {
    this.lanes.askToStop(reason);
    this.parts.dispatcher.askToStop(reason);
  }

  /** Gives up on everything in flight: signals are aborted, outcomes recorded as aborted. */
  abort(reason: Error): void {
    this.lanes.abort(reason);
  }

  /** Gives the dispatcher back. */
  async stop(limitMs: number): Promise<void> {
    await this.parts.dispatcher.stop(limitMs);
    this.timeouts?.close();
  }

  /** What was given and not started yet, and what its source leaves behind. */
  takeRest(): Message[] {
    const rest = this.inbox.splice(0);
    this.permits.giveBack(rest.length);
    const stranded = rest.filter((delivery) => delivery.giveBack === undefined);
    for (const delivery of rest) delivery.giveBack?.();
    this.books.leftOver += stranded.length;
    return [...stranded.map(({ message }) => message), ...(this.source?.takeRest() ?? [])];
  }

  /** Whether it is quiet and its source is empty, or it is paused: nobody waits for what a person keeps back. */
  get isDrained(): boolean {
    return this.isQuiet && (this.isHalted || this.source?.isEmpty !== false);
  }

  stats(): WorkerStats {
    const { dispatcher } = this.parts;
    const { concurrency, inUse, maxUnsettled, unsettled } = this.permits;
    return this.books.snapshot({
      state: this.state === 'running' && this.isHalted ? 'paused' : this.state,
      inFlight: inUse,
      concurrency,
      unsettled,
      maxUnsettled,
      isolates: dispatcher.isolates(),
      isolateDeaths: dispatcher.isolateDeaths?.(),
      isCrashLooping: dispatcher.isCrashLooping?.(),
    });
  }

  // --- take ---

  get hasWork(): boolean {
    return this.inbox.length > 0 || this.source?.isEmpty === false;
  }

  startNext(): boolean {
    const delivery = this.next();
    if (delivery === undefined) return false;
    this.run(delivery);
    return true;
  }

  private next(): Delivery | undefined {
    if (this.inbox.length > 0) return this.inbox.shift();
    this.isHungry = false;
    if (this.isFull) return undefined;
    const taken = this.source?.take();
    if (taken === undefined) this.foundNothing();
    else this.permits.use();
    return taken;
  }

  /** An observer of what was dropped meanwhile may have paused it; and what it was to wait for may be gone. */
  private foundNothing(): void {
    this.isHungry = !this.isFull;
    if (this.isHungry) this.onRoom?.();
    if (this.isQuiet) this.onQuiet?.();
  }

  /** Whether it is paused, or has in hand what it may have. */
  private get isFull(): boolean {
    return this.isHalted || this.permits.isFull;
  }

  /** One that was given and not started is not started any more. */
  private forget(index: number): void {
    this.inbox.splice(index, 1);
    this.permits.giveBack(1);
    this.pump.wake();
    if (this.isQuiet) this.onQuiet?.();
  }

  // --- dispatch ---

  private run(delivery: Delivery): void {
    const { clock, contextFor, dispatcher } = this.parts;
    const left = delivery.message.reply?.leftFor;
    if (left !== undefined) return this.leaveOut(delivery, left);
    const { latest } = this.pump;
    const lane = this.lanes.lend();
    lane.begin(contextFor(delivery), latest, clock.at(latest));
    dispatcher.dispatch(lane);
    this.pump.note(lane.leftAt);
  }

  /** Nobody waits for it any more, though a permit was there for it: it ends before it has begun. */
  private leaveOut(delivery: Delivery, why: Error): void {
    const { clock } = this.parts;
    const waitMs = clock.at(this.pump.latest) - delivery.message.putAt;
    this.permits.giveBack(1);
    this.books.leaveOut(waitMs);
    this.complete(delivery, { type: 'aborted', fault: fault('aborted', why) }, waitMs, 0);
  }

  entered(lane: Lane): void {
    if (this.startedTopic.isHeard) this.announceStart(lane);
    // Whoever was told may have ended it.
    if (lane.state === 'busy') this.timeouts?.entered(lane);
  }

  enteredElsewhere(lane: Lane): void {
    lane.beganAt = lane.leftAt = this.parts.turn.read();
    lane.clockedAt = this.parts.clock.at(lane.beganAt);
    this.entered(lane);
  }

  /** What observers do is not the handler's time. */
  private announceStart(lane: Lane): void {
    const { announcer, channel, clock, turn } = this.parts;
    const { message } = lane;
    this.startedTopic.announce({
      worker: this.name,
      channel,
      messageId: message.id,
      attempt: message.attempt,
      waitMs: lane.clockedAt - message.putAt,
      ...announcer.shown(message),
    });
    lane.beganAt = turn.read();
    lane.clockedAt = clock.at(lane.beganAt);
  }

  // --- outcome and completion ---

  returned(): void {
    this.pump.cameBack();
  }

  ended(lane: Lane, outcome: Outcome): void {
    const { clock, turn } = this.parts;
    const { delivery } = lane;
    const endedAt = lane.state === 'free' ? Math.max(this.pump.latest, lane.leftAt) : turn.read();
    const waitMs = lane.clockedAt - delivery.message.putAt;
    const runMs = clock.at(endedAt) - lane.clockedAt;
    if (lane.state === 'free') this.lanes.takeBack(lane);
    else this.retire(lane);
    this.permits.giveBack(1);
    this.books.record(outcome, waitMs, runMs);
    if (outcome.type === 'aborted') this.parts.onAborted(delivery.message);
    this.complete(delivery, outcome, waitMs, runMs);
  }

  private complete(delivery: Delivery, outcome: Outcome, waitMs: number, runMs: number): void {
    const settling = this.parts.completion.complete(delivery, outcome, waitMs, runMs);
    if (settling === undefined) this.completed(delivery);
    else this.awaitSettled(delivery, settling);
  }

  private retire(lane: Lane): void {
    this.lanes.retire(lane);
    this.parts.dispatcher.abandon(lane);
  }

  private awaitSettled(delivery: Delivery, settling: Promise<void>): void {
    this.permits.unsettled++;
    void settling.then(() => {
      this.permits.unsettled--;
      this.completed(delivery);
    });
    this.pump.wake();
  }

  private completed(delivery: Delivery): void {
    this.source?.release(delivery);
    if (this.parts.completion.tellsOthers) this.pump.read();
    this.pump.wakeBetweenRounds();
    if (this.isQuiet) this.onQuiet?.();
  }

  late(messageId: string): void {
    this.parts.announcer.announce('workers.late', { worker: this.name, messageId, what: 'result' });
  }
}

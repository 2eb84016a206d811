import type { Dispatcher } from '../dispatch/dispatcher.js';
import type { Clock } from '../lifecycle/clock.js';
import type { Turn } from '../lifecycle/turn.js';
import type { Delivery } from '../message/delivery.js';
import type { Message } from '../message/message.js';
import type { Outcome } from '../message/outcome.js';
import type { Source, Taker } from '../message/source.js';
import type { Announcer, Topic } from '../observe/announcer.js';
import type { WorkerStats } from '../observe/stats.js';
import type { Completion } from './completion.js';
import { Lane, type LaneOwner } from './lane.js';
import { Timeouts } from './timeouts.js';
import { WorkerBooks } from './worker.books.js';
import type { HandlerContext } from './worker.context.js';

/** `queueMicrotask` wraps its callback in an async resource, which costs more than a message does. */
const SOON = Promise.resolve();

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
 * outcomes are unsettled, and what its source allows beside; while that many are, nothing is taken; other timers and sockets get their turn every 4 ms.
 * Does not promise: an order between messages when concurrency is above 1 and no key is given.
 *
 * Invariant: `isHungry` is true only while a permit is free and the source has nothing to take.
 */
export class WorkerRunner implements LaneOwner, Taker {
  readonly books = new WorkerBooks();
  readonly name: string;
  readonly timeoutMs: number | undefined;
  /** Whether a delivery may be given right now. */
  isHungry = false;
  /** Called whenever nothing is in flight, unsettled or about to start. */
  onQuiet: (() => void) | undefined;
  onRoom: (() => void) | undefined;
  private state: 'idle' | 'running' | 'stopped' = 'idle';
  private source: Source | undefined;
  private readonly inbox: Delivery[] = [];
  /** Every lane that can still be lent, busy or free; and those of them that are free. */
  private readonly lanes = new Set<Lane>();
  private readonly free: Lane[] = [];
  private readonly timeouts: Timeouts | undefined;
  private readonly startedTopic: Topic<'workers.started'>;
  private inUse = 0;
  private unsettled = 0;
  private permits: number;
  private maxUnsettled: number;
  /** How many more outcomes its source lets be unsettled. */
  private allowed = 0;
  /** Orthogonal to its state: one that is not started yet may be paused. */
  private isHalted = false;
  /** Whether a handler came back in this microtask round, at whose end it pumps. */
  private isRoundOpen = false;
  private resumeLoop: () => void = () => {};
  private pumping: 'no' | 'scheduled' | 'now' | 'next-turn' = 'no';
  /** The last reading of the clock in this pump; spares one reading per message. */
  private latest = 0.5;

  constructor(private readonly parts: RunnerParts) {
    this.name = parts.name;
    this.timeoutMs = parts.timeoutMs;
    if (parts.timeoutMs !== undefined) this.timeouts = new Timeouts(parts.clock, parts.timeoutMs, this.lanes);
    this.permits = parts.concurrency;
    this.maxUnsettled = 2 * parts.concurrency;
    this.startedTopic = parts.announcer.topic('workers.started');
  }

  /** Messages taken whose outcome is not recorded. */
  get inFlight(): number {
    return this.inUse;
  }

  /** Whether nothing is in flight, unsettled or about to start. */
  get isQuiet(): boolean {
    return this.inUse === 0 && this.unsettled === 0;
  }

  get room(): number {
    if (this.state !== 'running' || this.isHalted) return 0;
    return Math.max(0, Math.min(this.permits - this.inUse, this.maxUnsettled - this.inUse - this.unsettled));
  }

  allowUnsettled(more: number): void {
    this.allowed = more;
    this.maxUnsettled = 2 * this.permits + more;
  }

  disown(delivery: Delivery, reason: Error): void {
    const index = this.inbox.indexOf(delivery);
    if (index >= 0) this.forget(index);
    for (const lane of this.lanes) if (lane.holds(delivery)) lane.askToStop(reason);
  }

  async start(source: Source): Promise<void> {
    this.source = source;
    await this.parts.dispatcher.start();
    this.state = 'running';
    void this.loop();
  }

  /** Takes a delivery; called only while hungry. Its handler starts in a microtask, never inside the sender's call. */
  give(delivery: Delivery): void {
    this.inbox.push(delivery);
    this.use();
    if (this.isFull) this.isHungry = false;
    this.wake();
  }

  get isPaused(): boolean {
    return this.isHalted;
  }

  /** How many messages it may have in flight. */
  get concurrency(): number {
    return this.permits;
  }

  /** Takes nothing until `resume`; what is in flight goes on. False when it is paused already. */
  pause(): boolean {
    if (this.isHalted) return false;
    this.isHalted = true;
    this.isHungry = false;
    this.source?.giveBack?.();
    return true;
  }

  /** Takes again; false when it is not paused. */
  resume(): boolean {
    if (!this.isHalted) return false;
    this.isHalted = false;
    if (this.state === 'running') this.wake();
    return true;
  }

  /** How many messages it may have in flight from now on. What is above a lower number is finished. */
  setConcurrency(concurrency: number): void {
    this.permits = concurrency;
    this.maxUnsettled = 2 * concurrency + this.allowed;
    if (this.isFull) this.isHungry = false;
    else if (this.state === 'running') this.wake();
  }

  /** Takes nothing any more. What is in flight goes on. */
  stopTaking(): void {
    this.state = 'stopped';
    this.isHungry = false;
  }

  /** Aborts the signals of everything in flight and goes on waiting. */
  askToStop(reason: Error): void {
    for (const lane of this.lanes) lane.askToStop(reason);
    this.parts.dispatcher.askToStop(reason);
  }

  /** Gives up on everything in flight: signals are aborted, outcomes recorded as aborted. */
  abort(reason: Error): void {
    for (const lane of this.lanes) lane.abort(reason);
  }

  /** Gives the dispatcher back. */
  async stop(limitMs: number): Promise<void> {
    await this.parts.dispatcher.stop(limitMs);
  }

  /** What was given and not started yet, and what its source leaves behind. */
  takeRest(): Message[] {
    const rest = this.inbox.splice(0);
    this.giveBack(rest.length);
    const stranded = rest.filter((delivery) => delivery.giveBack === undefined);
    for (const delivery of rest) delivery.giveBack?.();
    this.books.leftOver += stranded.length;
    return [...stranded.map(({ message }) => message), ...(this.source?.takeRest() ?? [])];
  }

  /** One that was given and not started is not started any more. */
  private forget(index: number): void {
    this.inbox.splice(index, 1);
    this.giveBack(1);
    this.wake();
    if (this.isQuiet) this.onQuiet?.();
  }

  /** Whether it is quiet and its source is empty, or it is paused: nobody waits for what a person keeps back. */
  get isDrained(): boolean {
    return this.isQuiet && (this.isHalted || this.source?.isEmpty !== false);
  }

  stats(): WorkerStats {
    return this.books.snapshot({
      state: this.state === 'running' && this.isHalted ? 'paused' : this.state,
      inFlight: this.inUse,
      concurrency: this.permits,
      unsettled: this.unsettled,
      maxUnsettled: this.maxUnsettled,
      isolates: this.parts.dispatcher.isolates(),
      isolateDeaths: this.parts.dispatcher.isolateDeaths?.(),
      isCrashLooping: this.parts.dispatcher.isCrashLooping?.(),
    });
  }

  // --- the loop ---

  /**
   * Pumps whenever it is woken. It runs in the asynchronous context in which the runner was started: whoever wakes it, be it a sender, a
   * timer or a caller that leaves, no handler runs in that one's context by accident.
   */
  private async loop(): Promise<void> {
    while (this.state === 'running') {
      this.latest = this.parts.turn.read();
      this.pump();
      await new Promise<void>((resolve) => {
        this.resumeLoop = resolve;
      });
      this.pumping = 'no';
    }
  }

  /** Has the loop pump in a microtask. */
  private wake(): void {
    if (this.pumping !== 'no') return;
    this.pumping = 'scheduled';
    this.resumeLoop();
  }

  /** Only for the loop and for `collect`, which run in the runner's own context. */
  private pump(): void {
    if (this.pumping !== 'no') return;
    this.pumping = 'now';
    for (let delivery = this.next(); delivery !== undefined; delivery = this.next()) {
      this.run(delivery);
      if (this.parts.turn.isOver(this.latest)) return this.pumpNextTurn();
    }
    this.pumping = 'no';
  }

  private pumpNextTurn(): void {
    this.isHungry = false;
    this.pumping = 'next-turn';
    this.parts.turn.resume(() => this.resumeLoop());
  }

  private next(): Delivery | undefined {
    if (this.state !== 'running') return undefined;
    if (this.inbox.length > 0) return this.inbox.shift();
    this.isHungry = false;
    if (this.isFull) return undefined;
    const taken = this.source?.take();
    if (taken === undefined) {
      this.isHungry = true;
      this.onRoom?.();
    } else this.use();
    return taken;
  }

  /** Whether there is something that it could start, if a permit is free. */
  private get hasWork(): boolean {
    return this.inbox.length > 0 || this.source?.isEmpty === false;
  }

  /** Whether it is paused, no permit is free, or there is no place for one more outcome that takes its time to settle. */
  private get isFull(): boolean {
    return this.isHalted || this.inUse >= this.permits || this.inUse + this.unsettled >= this.maxUnsettled;
  }

  private use(): void {
    if (++this.inUse === 1) this.parts.onBusy(true);
  }

  private giveBack(permits: number): void {
    if (permits > 0 && (this.inUse -= permits) === 0) this.fallIdle();
  }

  private fallIdle(): void {
    this.parts.onBusy(false);
    this.timeouts?.rest();
  }

  private run(delivery: Delivery): void {
    const lane = this.free.pop() ?? this.newLane();
    lane.begin(this.parts.contextFor(delivery), this.latest, this.parts.clock.at(this.latest));
    this.parts.dispatcher.dispatch(lane);
    if (lane.leftAt > this.latest) this.latest = this.parts.turn.note(lane.leftAt);
  }

  private newLane(): Lane {
    const lane = new Lane(this);
    this.lanes.add(lane);
    return lane;
  }

  entered(lane: Lane): void {
    this.timeouts?.entered(lane);
    if (this.startedTopic.isHeard) this.announceStart(lane);
  }

  enteredElsewhere(lane: Lane): void {
    lane.beganAt = lane.leftAt = this.parts.turn.read();
    lane.clockedAt = this.parts.clock.at(lane.beganAt);
    this.entered(lane);
  }

  /** One reading of the clock serves all handlers that come back in one microtask round. */
  returned(): void {
    if (this.isRoundOpen) return;
    this.isRoundOpen = true;
    this.latest = this.parts.turn.read();
    void SOON.then(this.endRound);
  }

  /** Other people's code may have run in the round: the next handlers begin at a reading of their own. */
  private readonly endRound = (): void => {
    this.isRoundOpen = false;
    if (this.hasWork) this.latest = this.parts.turn.read();
    this.pump();
  };

  ended(lane: Lane, outcome: Outcome): void {
    const { clock, completion } = this.parts;
    const { delivery } = lane;
    const endedAt = lane.state === 'free' ? Math.max(this.latest, lane.leftAt) : this.parts.turn.read();
    const waitMs = lane.clockedAt - delivery.message.putAt;
    const runMs = clock.at(endedAt) - lane.clockedAt;
    if (lane.state === 'free') this.takeBack(lane);
    else this.retire(lane);
    this.giveBack(1);
    this.books.record(outcome, waitMs, runMs);
    if (outcome.type === 'aborted') this.parts.onAborted(delivery.message);
    const settling = completion.complete(delivery, outcome, waitMs, runMs);
    if (settling === undefined) this.completed(delivery);
    else this.awaitSettled(delivery, settling);
  }

  private takeBack(lane: Lane): void {
    lane.rest();
    this.free.push(lane);
  }

  private retire(lane: Lane): void {
    this.lanes.delete(lane);
    this.parts.dispatcher.abandon(lane);
  }

  private awaitSettled(delivery: Delivery, settling: Promise<void>): void {
    this.unsettled++;
    void settling.then(() => {
      this.unsettled--;
      this.completed(delivery);
    });
    this.wake();
  }

  private completed(delivery: Delivery): void {
    this.source?.release(delivery);
    if (this.parts.completion.tellsOthers) this.latest = this.parts.turn.read();
    if (!this.isRoundOpen) this.wake();
    if (this.isQuiet) this.onQuiet?.();
  }

  late(messageId: string): void {
    this.parts.announcer.announce('workers.late', { worker: this.name, messageId, what: 'result' });
  }

  /** What observers do is not the handler's time. */
  private announceStart(lane: Lane): void {
    const { announcer, channel, turn } = this.parts;
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
  }
}

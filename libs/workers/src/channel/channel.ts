import { type Observable, type Observer, type Operator, Subject, type Subscriber, Subscription } from 'rxjs';
import type { Clock } from '../lifecycle/clock.js';
import { type Headers, Message } from '../message/message.js';
import type { Sending } from './sending.js';
import type { Source, Taker } from '../message/source.js';
import type { Announcer } from '../observe/announcer.js';
import type { DropReason } from '../observe/events.js';
import { GuardedObservable, guardedLift, guardedObserver } from '../observe/guarded.observable.js';
import type { ChannelStats } from '../observe/stats.js';
import { ChannelClosedError, ChannelOverflowError } from './channel.errors.js';
import type { PutMode, ResolvedChannelOptions, ResolvedShedOptions } from './channel.options.js';
import { ChannelBooks } from './channel.books.js';
import { ChannelSource } from './channel.source.js';
import { type Consumer, IteratingConsumer, SubscriberConsumer } from './consumer.js';
import { Consumers } from './consumers.js';
import type { KeyOf } from './keyed.buffer.js';
import { type PutResult, WaitingRoom } from './waiting.room.js';
import { Watchers } from './watchers.js';

/** A message that waits, as somebody sees it who does not take it. */
export interface Peeked {
  readonly id: string;
  readonly attempt: number;
  readonly waitedMs: number;
  readonly headers: Headers;
  readonly payload: unknown;
}

/**
 * A named, bounded place where messages wait, and an RxJS Subject.
 *
 * States: `open`; `draining` after `complete()` while something is inside; `closed`. It never goes back.
 *
 * Promises: first in, first out (per key where a worker orders by key); every message is taken by exactly one consumer, or counted
 * under a drop reason, or left over; the buffer and the pending puts never pass their bounds.
 * Does not promise: that anyone reads; that a message outlives the process.
 * When full: `bufferType` and the put mode decide, see `ChannelOptions`; outputs and `next` are offered and dropped.
 *
 * The Subject face: `subscribe` competes for messages, one per synchronous `next`; `next(value)` offers; `complete()` closes;
 * `error(e)` is reported and ends nothing; `for await` pulls with back-pressure; `tap$` shows every message and takes none.
 *
 * `pause` lets nothing out until `resume`; what is put waits within the bounds. What waits on a paused channel is not drained at a stop.
 *
 * Where messages wait, within which bounds, is `waiting.room.ts`; here is who takes them.
 *
 * Invariant: while a consumer is hungry, the channel holds nothing that it could take.
 */
export class Channel<T = unknown> extends Subject<T> {
  /** Every message as it is taken in, for watching; takes none. A watcher that throws is reported and harms nobody. */
  readonly tap$: Observable<Message<T>>;
  /** @internal */ readonly books: ChannelBooks;
  private readonly room: WaitingRoom<T>;
  private readonly consumers = new Consumers<T>();
  private readonly watchers: Watchers<T>;
  private readonly workers: { readonly name: string; readonly isKeyed: boolean }[] = [];
  private isOpen = true;
  private isHalted = false;
  /**
   * What is on its way out. Nothing that observers put meanwhile overtakes one message; nor does it overtake those that wait while they
   * are handed out, when some consumers are hungry although messages wait.
   */
  private outgoing: 'nothing' | 'one' | 'all' = 'nothing';

  constructor(
    readonly name: string,
    readonly options: ResolvedChannelOptions,
    protected readonly clock: Clock,
    protected readonly announcer: Announcer,
  ) {
    super();
    this.books = new ChannelBooks(name, options, announcer);
    this.room = new WaitingRoom({
      name,
      options,
      books: this.books,
      clock,
      onAccepted: (message) => this.tell(message),
      report: (error) => this.reportFault(error),
    });
    this.watchers = new Watchers(this, announcer, this.reporter);
    this.tap$ = this.watchers.tap$;
  }

  get state(): 'open' | 'draining' | 'closed' {
    if (this.isOpen) return 'open';
    return this.isEmpty ? 'closed' : 'draining';
  }

  /** Whether nothing is taken from here until it is resumed. */
  get isPaused(): boolean {
    return this.isHalted;
  }

  /** Whether other processes may take what is put here; one in memory is this process's own. */
  get isShared(): boolean {
    return false;
  }

  /**
   * Has nothing taken from here until `resume`; harmless when it is paused. What runs goes on, and what is put waits. In memory this is
   * for this process; for a durable channel it is for all hosts, which follow within a second.
   *
   * @param actor who wants it, for the event
   */
  async pause(actor?: string): Promise<void> {
    this.halt(true, actor);
  }

  /** Has messages taken again; harmless when it is not paused. */
  async resume(actor?: string): Promise<void> {
    this.halt(false, actor);
  }

  /** Whether nothing waits here, neither in the buffer nor for room. */
  get isEmpty(): boolean {
    return this.room.isEmpty;
  }

  /**
   * Puts `message` as `mode` says. A promise only for a `block` put that has to wait; `signal` ends that waiting.
   *
   * If the application stops now, a `block` put that still waits is rejected with `ChannelClosedError`.
   * @throws (rejects) the signal's reason when it aborts while the put waits, or was aborted before it had to wait
   * @throws ChannelClosedError when the channel is closed, ChannelOverflowError when `maxPendingPuts` wait already
   */
  put(message: Message<T>, mode?: PutMode, signal?: AbortSignal, _sending?: Sending): PutResult | Promise<PutResult> {
    if (!this.isOpen) this.refuseClosed(message);
    const entered = this.enter(message);
    return entered === 'full' ? this.putAside(message, mode ?? this.options.putMode, signal) : entered;
  }

  /** Puts a payload with nothing beside it. It becomes a message when somebody sees it; as a rule that is when it is taken. */
  post(payload: T, putAt: number): PutResult | Promise<PutResult> {
    const canWait = this.isOpen && !this.watchers.isAny && !this.consumers.isAnyHungry;
    return canWait && this.room.keepPayload(payload, putAt) ? 'accepted' : this.put(new Message(payload, putAt));
  }

  private refuseClosed(message: Message<T>): never {
    this.books.refused++;
    throw new ChannelClosedError(this.name, message);
  }

  /** There is no room. */
  private putAside(
    message: Message<T>,
    mode: PutMode,
    signal: AbortSignal | undefined,
  ): PutResult | Promise<PutResult> {
    if (mode === 'drop') return this.dropOnEntry(message);
    if (this.room.isOverflowing) {
      this.books.refused++;
      throw new ChannelOverflowError(this.name, this.options.maxPendingPuts, message);
    }
    return mode === 'async' ? this.room.keepLater(message) : this.room.keepWhenRoom(message, signal);
  }

  /** Counts `message` as lost on purpose before it came in, and tells its caller if it has one. */
  dropOnEntry(message: Message<T>): 'dropped' {
    return this.room.drop(message, 'input-drop');
  }

  /** Takes `message` in if there is room now; otherwise it is dropped and counted under `reason`. */
  offer(message: Message<T>, reason: DropReason): PutResult {
    const entered = this.isOpen ? this.enter(message) : 'full';
    return entered === 'full' ? this.room.drop(message, reason) : entered;
  }

  /** Lets `consumer` compete for messages and feeds it what it can take at once; the returned function takes it away. */
  attach(consumer: Consumer<T>): () => void {
    this.feed(consumer);
    this.consumers.add(consumer);
    this.endIfEmpty();
    return () => this.consumers.remove(consumer);
  }

  /** This channel as the source of one worker, which it feeds from now on. `routed` is the output that it feeds itself. */
  sourceFor(taker: Taker, _routed: Channel | undefined): Source {
    this.attach(taker);
    return new ChannelSource(this);
  }

  /** Whether it writes what a handler returns to `out` itself, together with the settling; one in memory never does. */
  routesTo(_out: Channel): boolean {
    return false;
  }

  /** Whether messages may be put with a delay, a priority, a key and the like; one in memory takes them as they come. */
  get takesSending(): boolean {
    return false;
  }

  /** The oldest message that may be taken now; undefined when there is none. */
  take(): Message<T> | undefined {
    if (this.isHalted) return undefined;
    const message = this.takeOut();
    if (!this.isOpen) this.endIfEmpty();
    return message;
  }

  /** Tells the channel that what was taken is finished, so that the next message of its key may follow. */
  release(message: Message<T>): void {
    if (this.room.release(message)) this.feedAll();
  }

  /** Notes that the worker `name` takes from here, in the order of `key` if it gives one; returns all that do. */
  bindWorker(name: string, key: KeyOf<T> | undefined): readonly { readonly name: string; readonly isKeyed: boolean }[] {
    this.workers.push({ name, isKeyed: key !== undefined });
    if (key !== undefined) this.room.orderBy(key);
    return this.workers;
  }

  /** Takes out everything that still lies here, pending puts included; for the report of a stop. */
  takeRest(): Message<T>[] {
    const rest = this.room.clear();
    this.endIfEmpty();
    return rest;
  }

  /** What waits here and is next, at most `limit`, without taking it. */
  async peek(limit: number): Promise<readonly Peeked[]> {
    const now = this.clock.now();
    return this.room.peek(limit).map(({ id, attempt, headers, payload, putAt }) => {
      const waitedMs = Math.max(0, now - putAt);
      return { id, attempt, waitedMs, headers, payload };
    });
  }

  stats(): ChannelStats {
    return { ...this.room.stats(), isPaused: this.isHalted };
  }

  /** How long the oldest message has waited, in milliseconds; 0 when nothing waits. */
  oldestAgeMs(): number {
    return this.room.oldestAgeMs();
  }

  /** Why new messages should be shed now, in words; undefined when there is no reason. */
  overload(limits: ResolvedShedOptions): string | undefined {
    return this.room.overload(limits);
  }

  // --- the Subject face ---

  /** Offers `value`; a full or closed channel drops it, counted as `input-drop`. */
  override next(value: T): void {
    const { follower } = this.announcer;
    if (follower === undefined || follower.leaves(undefined)) return void this.putOn(value, undefined);
    follower.put({ worker: undefined, channel: this.name }, {}, (headers) => this.putOn(value, headers));
  }

  private putOn(value: T, headers: Headers | undefined): PutResult {
    return this.offer(new Message(value, this.clock.now(), headers), 'input-drop');
  }

  /** Reported as `workers.fault`; the channel goes on. */
  override error(error: unknown): void {
    this.reportFault(error);
  }

  /** Closes the channel: nothing is put any more, senders that wait are refused, what is inside can still be taken. */
  override complete(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.room.close();
    this.endIfEmpty();
  }

  /** The same as `complete`: a channel has no subscribers to forget, only consumers. */
  override unsubscribe(): void {
    this.complete();
  }

  override get observed(): boolean {
    return !this.consumers.isEmpty;
  }

  override asObservable(): Observable<T> {
    return new GuardedObservable(this.reporter, (subscriber) => this.competeAs(subscriber));
  }

  override lift<R>(operator: Operator<T, R>): Observable<R> {
    return guardedLift(this, operator, this.reporter);
  }

  override subscribe(
    listener?: Partial<Observer<T>> | ((value: T) => void) | null,
    error?: ((e: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription {
    return super.subscribe(guardedObserver(listener, error, complete, this.reporter));
  }

  /** RxJS calls this with the finished subscriber. */
  protected _trySubscribe(subscriber: Subscriber<T>): Subscription {
    return this.competeAs(subscriber);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined> {
    let detach = (): void => {};
    const consumer = new IteratingConsumer<T>(
      () => this.takeForGood(),
      () => detach(),
    );
    detach = this.attach(consumer);
    return consumer;
  }

  // --- within ---

  private readonly reportFault = (error: unknown): void => this.announcer.fault(`channel "${this.name}"`, error);
  private readonly reporter = () => this.reportFault;

  private competeAs(subscriber: Subscriber<T>): Subscription {
    return new Subscription(this.attach(new SubscriberConsumer(subscriber)));
  }

  private enter(message: Message<T>): PutResult | 'full' {
    const consumer = this.mustWait ? undefined : this.consumers.nextFor(message, this.room);
    if (consumer === undefined) return this.room.keep(message);
    this.handOver(message, consumer);
    return 'accepted';
  }

  /** Whether what is put now waits, whoever is hungry. */
  private get mustWait(): boolean {
    return this.isHalted || this.outgoing === 'one' || (this.outgoing === 'all' && !this.room.isEmpty);
  }

  /** Gives before it tells: a tap that puts must find the consumer as it is. */
  private handOver(message: Message<T>, consumer: Consumer<T>): void {
    const isDoneAtOnce = consumer.isDoneAtOnce === true;
    if (!isDoneAtOnce) this.room.lend(message);
    this.books.accepted++;
    this.books.taken++;
    consumer.give(message);
    this.tell(message);
    if (isDoneAtOnce) this.feed(consumer);
  }

  /** Gives `consumer` what waits here for as long as it is hungry. */
  private feed(consumer: Consumer<T>): void {
    while (consumer.isHungry && !this.isHalted) {
      const message = this.takeOut();
      if (message === undefined) break;
      if (consumer.isDoneAtOnce === true) this.room.release(message);
      consumer.give(message);
    }
    this.endIfEmpty();
  }

  /** Takes without ending anybody: whoever took the last message is to have it before it is told that there are no more. */
  private takeOut(): Message<T> | undefined {
    const before = this.outgoing;
    this.outgoing = 'one';
    const message = this.room.takeOut();
    this.outgoing = before;
    return message;
  }

  /** For whoever does not say when it is finished. */
  private takeForGood(): Message<T> | undefined {
    const message = this.take();
    if (message !== undefined) this.room.release(message);
    return message;
  }

  /** It is paused, or resumed, from now on; told once for each change. */
  protected halt(isPaused: boolean, actor: string | undefined): void {
    if (isPaused === this.isHalted) return;
    this.isHalted = isPaused;
    const action = isPaused ? 'pause' : 'resume';
    this.feeding(() =>
      this.announcer.announce('workers.action', { action, worker: undefined, channel: this.name, actor, detail: {} }),
    );
    if (!isPaused) this.feedAll();
  }

  /** Until nobody takes anything more: one that was passed over may be hungry by the time the last is fed. */
  private feedAll(): void {
    this.feeding(() => {
      let before: number;
      do {
        before = this.books.taken;
        for (const consumer of this.consumers) this.feed(consumer);
      } while (this.books.taken !== before);
    });
  }

  private feeding(work: () => void): void {
    const before = this.outgoing;
    if (before === 'nothing') this.outgoing = 'all';
    work();
    this.outgoing = before;
  }

  /** Shows a message that was taken in to those who watch. */
  protected tell(message: Message<T>): void {
    this.watchers.show(message);
  }

  private endIfEmpty(): void {
    if (this.state !== 'closed') return;
    this.consumers.end();
    this.watchers.complete();
  }
}

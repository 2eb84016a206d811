import { performance } from 'node:perf_hooks';
import { type Ending, inWords } from '../isolate/body.js';
import type { Errand } from '../isolate/errand.js';
import type { Isolate, IsolateOwner } from '../isolate/isolate.js';
import { CrashLoopError, IsolateCrashedError } from '../isolate/isolate.errors.js';
import type { Clock, Timer } from '../lifecycle/clock.js';
import { fault } from '../message/fault.js';
import type { Announcer } from '../observe/announcer.js';
import type { IsolateStats } from '../observe/stats.js';
import type { CrashPolicy, PoolSize, RecycleOptions } from './pool.options.js';
import { Restarts, type RestartOptions } from './restarts.js';
import { Slot, type SlotOwner } from './slot.js';

/** What a pool is made of; durations in milliseconds. */
export interface PoolParts {
  readonly worker: string;
  readonly kind: string;
  readonly size: PoolSize;
  readonly window: number;
  readonly concurrency: number;
  readonly crash: CrashPolicy;
  /** Of the worker; undefined for no timeout. */
  readonly handlerTimeout: number | undefined;
  readonly abortGrace: number;
  readonly recycleAfter: RecycleOptions;
  readonly idleAfter: number;
  readonly pingEvery: number;
  readonly restart: RestartOptions;
  readonly clock: Clock;
  readonly announcer: Announcer;
  /** Brings an isolate to life for `owner`; `number` tells it from its siblings. */
  readonly spawn: (number: number, owner: IsolateOwner) => Promise<Isolate>;
}

/**
 * The isolates of one worker, whatever they are made of: it lends them errands, takes them back and buries the dead.
 *
 * States of a slot: see `slot.ts`. The pool itself is open from `start` to `stop`.
 *
 * Promises: every errand ends in one outcome or is abandoned by its run; an errand whose isolate dies before its handler was entered goes to
 * another isolate, first in line; one whose handler was entered is lost, or tried again where the crash policy says so, and no other
 * message is blamed for it. Between `minSize` and `maxSize` isolates live while they are sound; the dead are replaced with backoff,
 * and when they only die, a breaker opens. Idle isolates do not keep the process alive.
 * Does not promise: that an abandoned handler ends by itself; its isolate is terminated when it does not.
 *
 * Invariant: while an errand waits, no isolate has room for it.
 */
export class Pool implements SlotOwner {
  readonly kind: string;
  readonly window: number;
  readonly concurrency: number;
  private readonly slots = new Set<Slot>();
  private readonly waiting: Errand[] = [];
  private readonly restarts: Restarts;
  private readonly timers = new Set<Timer>();
  private state: 'open' | 'stopping' = 'open';
  private spawned = 0;
  private restarted = 0;
  private isRestarting = false;
  /** Isolates that have no body yet. */
  private unborn = 0;

  constructor(private readonly parts: PoolParts) {
    this.kind = parts.kind;
    this.window = parts.window;
    this.concurrency = parts.concurrency;
    this.restarts = new Restarts(parts.restart);
  }

  /** Warms up the isolates it keeps; at least one, which proves that the others can live. @throws (rejects) IsolateStartError */
  async start(): Promise<void> {
    const count = Math.max(1, this.parts.size.min);
    try {
      await Promise.all(Array.from({ length: count }, () => this.open(0)));
    } catch (error) {
      await this.stop(0);
      throw error;
    }
    this.keepHouse();
  }

  take(errand: Errand): void {
    if (this.isBroken) return this.refuse(errand);
    this.waiting.push(errand);
    this.feed();
  }

  /** Nobody waits for `errand` any longer: it is skipped, or told to stop and ended with its isolate when it does not. */
  abandon(errand: Errand, reason: Error): void {
    errand.isAbandoned = true;
    if (errand.state === 'waiting') return this.forget(errand);
    const slot = this.slotOf(errand);
    slot?.isolate.abort(errand, reason);
    if (errand.state === 'entered') this.watch(errand);
  }

  /** Tells every handler that is under way to stop, and goes on waiting. */
  askToStop(reason: Error): void {
    for (const { isolate } of this.slots) for (const errand of isolate.errands.values()) isolate.abort(errand, reason);
  }

  /** Closes all isolates within `limitMs`; whatever is left of them then is killed. */
  async stop(limitMs: number): Promise<void> {
    this.state = 'stopping';
    for (const timer of this.timers) timer.cancel();
    this.waiting.length = 0;
    await Promise.all([...this.slots].map((slot) => slot.isolate.close(limitMs)));
  }

  stats(): IsolateStats[] {
    return [...this.slots].map((slot) => slot.stats());
  }

  // --- what slots tell ---

  entered(errand: Errand): void {
    if (errand.isAbandoned) this.watch(errand);
  }

  free(slot: Slot, errand: Errand): void {
    if (errand.enteredAt > 0) this.restarts.finished();
    if (this.hasDoneEnough(slot)) this.recycle(slot);
    if (slot.state === 'leaving' && slot.load === 0) void this.dismiss(slot);
    this.feed();
  }

  buried(slot: Slot, ending: Ending, left: readonly Errand[]): void {
    this.slots.delete(slot);
    const { isolate } = slot;
    const why = isolate.endedBy ?? inWords(ending);
    this.tellEnded(slot, why, ending);
    for (const errand of left.toReversed()) this.rescue(errand, isolate.name, ending);
    if (this.state === 'stopping') return;
    if (isolate.endedBy === undefined || slot.failure !== undefined) this.died(slot.failure ?? new Error(why));
    else this.fill();
  }

  // --- within ---

  private feed(): void {
    while (this.waiting.length > 0) {
      const slot = this.roomiest();
      if (slot === undefined) return this.grow();
      slot.give(this.waiting.shift() as Errand);
    }
  }

  /** The slot with the fewest errands that takes one more. */
  private roomiest(): Slot | undefined {
    let best: Slot | undefined;
    for (const slot of this.slots) {
      if (slot.room > 0 && (best === undefined || slot.load < best.load)) best = slot;
    }
    return best;
  }

  /** One more isolate, when messages wait, all are at work and there may be more. */
  private grow(): void {
    const isOneComing = this.unborn > 0 || [...this.slots].some(({ state }) => state === 'starting');
    if (isOneComing || this.isRestarting || this.slots.size >= this.parts.size.max) return;
    this.openLater();
  }

  /** As many isolates as are kept warm, and one where messages wait for it. */
  private fill(): void {
    if (this.isRestarting || this.restarts.isOpen) return;
    const wanted = Math.max(this.parts.size.min, this.waiting.length > 0 ? 1 : 0);
    for (let missing = wanted - this.unborn - this.staying; missing > 0; missing--) this.openLater();
  }

  /** An isolate that dies while it boots is buried like any other; whoever waits for it is told there. */
  private openLater(): void {
    this.open(++this.restarted).catch(() => {});
  }

  private async open(restarts: number): Promise<void> {
    const { worker, kind, announcer, clock } = this.parts;
    const startedAt = clock.now();
    const slot = await this.spawn(restarts);
    try {
      await slot.isolate.boot();
    } catch (error) {
      slot.failure = error;
      throw error;
    }
    slot.ready();
    const isolate = slot.isolate.name;
    announcer.announce('workers.isolate-ready', { worker, isolate, kind, startMs: clock.now() - startedAt, restarts });
    this.feed();
  }

  private async spawn(restarts: number): Promise<Slot> {
    const slot = new Slot(this, restarts);
    this.unborn++;
    try {
      slot.isolate = await this.parts.spawn(++this.spawned, slot);
    } catch (error) {
      this.died(error);
      throw error;
    } finally {
      this.unborn--;
    }
    this.slots.add(slot);
    if (this.state === 'stopping') slot.isolate.terminate('was started too late');
    return slot;
  }

  private died(cause: unknown): void {
    if (this.state === 'stopping') return;
    this.restartLater(this.restarts.died(cause));
    if (this.isBroken) for (const errand of this.waiting.splice(0)) this.refuse(errand);
  }

  /** Whether the breaker is open and no isolate lives: one that is tried after the pause may show that it is sound. */
  private get isBroken(): boolean {
    return this.restarts.isOpen && ![...this.slots].some(({ state }) => state === 'idle' || state === 'busy');
  }

  private restartLater(delayMs: number): void {
    if (this.isRestarting) return;
    this.isRestarting = true;
    this.after(delayMs, () => {
      this.isRestarting = false;
      if (this.restarts.isOpen) this.openLater();
      else this.fill();
    });
  }

  private rescue(errand: Errand, isolate: string, reason: Ending): void {
    const wasEntered = errand.state === 'entered';
    const { crash, worker } = this.parts;
    const maxAttempts = crash === 'reject' ? 1 : crash.attempts;
    if (errand.isAbandoned) return void (errand.state = 'over');
    if (!wasEntered || errand.entries < maxAttempts) {
      errand.comeBack();
      this.waiting.unshift(errand);
      return;
    }
    errand.state = 'over';
    const { message, entries, run } = errand;
    const error = new IsolateCrashedError(worker, message.id, isolate, reason, entries, maxAttempts);
    run.end({ type: 'lost', fault: fault('isolate_crashed', error) });
  }

  /** Nothing was done of it, so it may be tried again. */
  private refuse(errand: Errand): void {
    const { worker, restart } = this.parts;
    const error = new CrashLoopError(worker, this.restarts.crashes, restart.pause, this.restarts.cause);
    errand.state = 'over';
    if (!errand.isAbandoned) errand.run.end({ type: 'failed', fault: fault('isolate_crashed', error) });
  }

  /** Ends the isolate of an abandoned errand whose handler goes on for longer than its time and the grace. */
  private watch(errand: Errand): void {
    const { handlerTimeout = 0, abortGrace } = this.parts;
    const leftMs = Math.max(0, errand.enteredAt + handlerTimeout - performance.now());
    this.after(leftMs + abortGrace, () => {
      if (errand.state === 'entered') this.slotOf(errand)?.isolate.terminate('a handler went on after its time was up');
    });
  }

  private hasDoneEnough({ handled, isolate, state }: Slot): boolean {
    const { messages = Infinity, heapMb = Infinity } = this.parts.recycleAfter;
    return state !== 'leaving' && (handled >= messages || isolate.vitals[0] >= heapMb);
  }

  private recycle(slot: Slot): void {
    slot.leave();
    this.openLater();
  }

  private async dismiss(slot: Slot): Promise<void> {
    await slot.isolate.close(this.parts.abortGrace + LEAST_CLOSE_MS);
  }

  /** Asks idle isolates whether they live, and closes those that are not needed. */
  private keepHouse(): void {
    const { pingEvery, idleAfter, size } = this.parts;
    this.after(Math.min(pingEvery, Math.max(idleAfter, LEAST_CLOSE_MS)), () => {
      const idle = [...this.slots].filter(({ state }) => state === 'idle');
      for (const slot of idle) {
        const isSpare = this.staying > size.min && performance.now() - slot.idleSince >= idleAfter;
        if (!isSpare) slot.isolate.ping(pingEvery);
        else {
          slot.leave();
          void this.dismiss(slot);
        }
      }
      this.keepHouse();
    });
  }

  /** How many isolates there are that are not about to go. */
  private get staying(): number {
    return [...this.slots].filter(({ state }) => state !== 'leaving').length;
  }

  private slotOf(errand: Errand): Slot | undefined {
    for (const slot of this.slots) if (slot.isolate.has(errand)) return slot;
    return undefined;
  }

  private forget(errand: Errand): void {
    errand.state = 'over';
    const index = this.waiting.indexOf(errand);
    if (index >= 0) this.waiting.splice(index, 1);
  }

  private tellEnded(slot: Slot, why: string, ending: Ending): void {
    const { worker, kind, announcer } = this.parts;
    const isCrash = slot.isolate.endedBy === undefined;
    announcer.announce('workers.isolate-ended', {
      worker,
      isolate: slot.isolate.name,
      kind,
      why,
      isCrash,
      ending: inWords(ending),
      handled: slot.handled,
    });
  }

  /** Calls `due` in a while, unless the pool stops; such waiting does not keep the process alive. */
  private after(delayMs: number, due: () => void): void {
    const timer = this.parts.clock.after(delayMs, () => {
      this.timers.delete(timer);
      due();
    });
    timer.hold(false);
    this.timers.add(timer);
  }
}

/** What the hooks of a context that is closed beside its pool's work get at least. */
const LEAST_CLOSE_MS = 1_000;

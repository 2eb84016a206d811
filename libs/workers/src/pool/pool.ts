import { performance } from 'node:perf_hooks';
import type { Ending } from '../isolate/body.js';
import type { Errand } from '../isolate/errand.js';
import { CrashLoopError, IsolateCrashedError } from '../isolate/isolate.errors.js';
import { Timers } from '../lifecycle/timers.js';
import { fault } from '../message/fault.js';
import type { IsolateStats } from '../observe/stats.js';
import type { CrashPolicy } from './pool.options.js';
import { Population, type PopulationOwner, type PopulationParts } from './population.js';
import type { Slot } from './slot.js';

/** What a pool is made of; durations in milliseconds. */
export interface PoolParts extends PopulationParts {
  readonly window: number;
  readonly concurrency: number;
  readonly crash: CrashPolicy;
  /** Told of each errand that is over, however it ended. */
  readonly onOver: (errand: Errand) => void;
  /** Of the worker; undefined for no timeout. */
  readonly handlerTimeout: number | undefined;
}

/**
 * What waits for the isolates of one worker, whatever they are made of: it gives them errands, and takes back what the dead leave.
 *
 * States of a slot: see `slot.ts`; which isolates live, and how many: see `population.ts`. The pool itself is open from `start` to `stop`.
 *
 * Promises: every errand ends in one outcome or is abandoned by its run; an errand whose isolate dies before its handler was entered goes to
 * another isolate, first in line; one whose handler was entered is lost, or tried again where the crash policy says so, and no other
 * message is blamed for it. While isolates only die, what comes is refused.
 * Does not promise: that an abandoned handler ends by itself; its isolate is terminated when it does not.
 *
 * Invariant: while an errand waits, no isolate has room for it.
 */
export class Pool implements PopulationOwner {
  readonly kind: string;
  readonly window: number;
  readonly concurrency: number;
  readonly lifeMessages: number;
  private readonly population: Population;
  private readonly timers: Timers;
  private readonly waiting: Errand[] = [];

  constructor(private readonly parts: PoolParts) {
    this.kind = parts.kind;
    this.window = parts.window;
    this.concurrency = parts.concurrency;
    this.lifeMessages = parts.recycleAfter.messages ?? Infinity;
    this.timers = new Timers(parts.clock);
    this.population = new Population(parts, this, this.timers);
  }

  /** Warms up the isolates it keeps. @throws (rejects) IsolateStartError */
  async start(): Promise<void> {
    try {
      await this.population.start();
    } catch (error) {
      await this.stop(0);
      throw error;
    }
  }

  take(errand: Errand): void {
    if (this.population.isBroken) return this.refuse(errand);
    this.waiting.push(errand);
    this.feed();
  }

  /** Nobody waits for `errand` any longer: it is skipped, or told to stop and ended with its isolate when it does not. */
  abandon(errand: Errand, reason: Error): void {
    errand.regard = 'abandoned';
    if (errand.state === 'waiting') return this.forget(errand);
    const slot = this.slotOf(errand);
    slot?.isolate.abort(errand, reason);
    if (errand.state === 'entered') this.watch(errand);
  }

  /** Nobody is told what `errand` comes to, and its handler goes on; its isolate is ended when that takes longer than it may. */
  letGo(errand: Errand): void {
    if (this.parts.handlerTimeout === undefined || errand.isAbandoned) return;
    errand.regard = 'let go';
    if (errand.state === 'entered') this.watch(errand);
  }

  /** Tells every handler that is under way to stop, and goes on waiting. */
  askToStop(reason: Error): void {
    for (const { isolate } of this.population.slots)
      for (const errand of isolate.errands.values()) isolate.abort(errand, reason);
  }

  /** Closes all isolates within `limitMs`; whatever is left of them then is killed. */
  async stop(limitMs: number): Promise<void> {
    this.timers.cancel();
    this.waiting.length = 0;
    await this.population.stop(limitMs);
  }

  /** How many isolates have died, or could not start. */
  get deaths(): number {
    return this.population.deaths;
  }

  /** Whether isolates only die: what comes is refused. */
  get isCrashLooping(): boolean {
    return this.population.isBroken;
  }

  stats(): IsolateStats[] {
    return [...this.population.slots].map((slot) => slot.stats());
  }

  // --- what slots tell ---

  entered(errand: Errand): void {
    if (errand.regard !== 'awaited') this.watch(errand);
  }

  free(slot: Slot, errand: Errand): void {
    this.over(errand);
    if (errand.enteredAt > 0) this.population.restarts.finished();
    this.population.renew(slot);
    this.feed();
  }

  buried(slot: Slot, ending: Ending, left: readonly Errand[]): void {
    this.population.bury(slot, ending);
    for (const errand of left.toReversed()) this.rescue(errand, slot.isolate.name, ending);
    this.population.replace(slot, ending);
  }

  // --- what the population tells ---

  get isWaiting(): boolean {
    return this.waiting.length > 0;
  }

  feed(): void {
    while (this.waiting.length > 0) {
      const slot = this.population.roomiest();
      if (slot === undefined) return this.population.grow();
      slot.give(this.waiting.shift() as Errand);
    }
  }

  died(): void {
    if (this.population.isBroken) for (const errand of this.waiting.splice(0)) this.refuse(errand);
  }

  // --- within ---

  private rescue(errand: Errand, isolate: string, reason: Ending): void {
    const { crash, worker } = this.parts;
    const maxAttempts = crash === 'reject' ? 1 : crash.attempts;
    if (errand.isAbandoned) return this.over(errand);
    // Only a handler that was entered counts, so one that was not has an attempt left.
    if (errand.entries < maxAttempts) {
      errand.comeBack();
      this.waiting.unshift(errand);
      return;
    }
    this.over(errand);
    const { message, entries, run } = errand;
    const error = new IsolateCrashedError(worker, message.id, isolate, reason, entries, maxAttempts);
    run.end({ type: 'lost', fault: fault('isolate_crashed', error) });
  }

  /** Nothing was done of it, so it may be tried again. */
  private refuse(errand: Errand): void {
    const { worker, restart } = this.parts;
    const { crashes, cause } = this.population.restarts;
    const error = new CrashLoopError(worker, crashes, restart.pause, cause);
    this.over(errand);
    if (!errand.isAbandoned) errand.run.end({ type: 'failed', fault: fault('isolate_crashed', error) });
  }

  /** Ends the isolate of an abandoned errand whose handler goes on for longer than its time and the grace. */
  private watch(errand: Errand): void {
    const { handlerTimeout = 0, abortGrace } = this.parts;
    const leftMs = Math.max(0, errand.enteredAt + handlerTimeout - performance.now());
    errand.unwatch?.();
    errand.unwatch = this.timers.after(leftMs + abortGrace, () => {
      if (errand.state === 'entered') this.slotOf(errand)?.isolate.terminate('a handler went on after its time was up');
    });
  }

  private slotOf(errand: Errand): Slot | undefined {
    for (const slot of this.population.slots) if (slot.isolate.has(errand)) return slot;
    return undefined;
  }

  private over(errand: Errand): void {
    errand.state = 'over';
    errand.unwatch?.();
    this.parts.onOver(errand);
  }

  private forget(errand: Errand): void {
    this.over(errand);
    const index = this.waiting.indexOf(errand);
    if (index >= 0) this.waiting.splice(index, 1);
  }
}

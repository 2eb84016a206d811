import { performance } from 'node:perf_hooks';
import { type Ending, inWords } from '../isolate/body.js';
import type { Isolate, IsolateOwner } from '../isolate/isolate.js';
import type { Clock } from '../lifecycle/clock.js';
import type { Timers } from '../lifecycle/timers.js';
import type { Announcer } from '../observe/announcer.js';
import type { PoolSize, RecycleOptions } from './pool.options.js';
import { Restarts, type RestartOptions } from './restarts.js';
import { Slot, type SlotOwner } from './slot.js';

/** What a population is made of; durations in milliseconds. */
export interface PopulationParts {
  readonly worker: string;
  readonly kind: string;
  readonly size: PoolSize;
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

/** What a population needs of its pool. */
export interface PopulationOwner extends SlotOwner {
  /** Whether errands wait for an isolate. */
  readonly isWaiting: boolean;
  /** There is an isolate more, with room in it. */
  feed(): void;
  /** An isolate has died; there may be none left to wait for. */
  died(): void;
}

/**
 * The isolates of a pool: which of them live, are to come, and are to go.
 *
 * Promises: between `minSize` and `maxSize` isolates live while they are sound; the dead are replaced with backoff, and when they only
 * die, a breaker opens. Idle isolates do not keep the process alive.
 */
export class Population {
  readonly slots = new Set<Slot>();
  readonly restarts: Restarts;
  /** How many have died, or could not start. */
  deaths = 0;
  private state: 'open' | 'stopping' = 'open';
  private spawned = 0;
  private isRestarting = false;
  /** Isolates that have no body yet. */
  private unborn = 0;

  constructor(
    private readonly parts: PopulationParts,
    private readonly owner: PopulationOwner,
    private readonly timers: Timers,
  ) {
    this.restarts = new Restarts(parts.restart);
  }

  /** Warms up the isolates it keeps; at least one, which proves that the others can live. @throws (rejects) IsolateStartError */
  async start(): Promise<void> {
    const count = Math.max(1, this.parts.size.min);
    await Promise.all(Array.from({ length: count }, () => this.open(0)));
    this.keepHouse();
  }

  /** Closes all isolates within `limitMs`; whatever is left of them then is killed. */
  async stop(limitMs: number): Promise<void> {
    this.state = 'stopping';
    await Promise.all([...this.slots].map((slot) => slot.isolate.close(limitMs)));
  }

  /** The slot with the fewest errands that takes one more. */
  roomiest(): Slot | undefined {
    let best: Slot | undefined;
    for (const slot of this.slots) {
      if (slot.room > 0 && (best === undefined || slot.load < best.load)) best = slot;
    }
    return best;
  }

  /** Whether the breaker is open and no isolate lives: one that is tried after the pause may show that it is sound. */
  get isBroken(): boolean {
    return this.restarts.isOpen && ![...this.slots].some(({ state }) => state === 'idle' || state === 'busy');
  }

  /** One more isolate, when messages wait, all are at work and there may be more. */
  grow(): void {
    const isOneComing = this.unborn > 0 || [...this.slots].some(({ state }) => state === 'starting');
    if (isOneComing || this.isRestarting || this.slots.size >= this.parts.size.max) return;
    this.openLater();
  }

  /** `slot` has finished something: when that was enough, another takes its place. */
  renew(slot: Slot): void {
    if (this.hasDoneEnough(slot)) {
      slot.leave();
      this.openLater();
    }
    if (slot.state === 'leaving' && slot.load === 0) this.dismiss(slot);
  }

  /** The isolate of `slot` has ended. */
  bury(slot: Slot, ending: Ending): void {
    this.slots.delete(slot);
    const { worker, kind, announcer } = this.parts;
    const { isolate, handled } = slot;
    const isCrash = isolate.endedBy === undefined;
    const why = isolate.endedBy ?? inWords(ending);
    const fields = { worker, isolate: isolate.name, kind, why, isCrash, ending: inWords(ending), handled };
    announcer.announce('workers.isolate-ended', fields);
  }

  /** `slot` was buried, and what was with it is taken care of. */
  replace({ isolate, failure }: Slot, ending: Ending): void {
    if (this.state === 'stopping') return;
    if (isolate.endedBy === undefined || failure !== undefined) this.died(failure ?? new Error(inWords(ending)));
    else this.fill();
  }

  // --- within ---

  /** As many isolates as are kept warm, and one where messages wait for it. */
  private fill(): void {
    if (this.isRestarting || this.restarts.isOpen) return;
    const wanted = Math.max(this.parts.size.min, this.owner.isWaiting ? 1 : 0);
    for (let missing = wanted - this.unborn - this.staying; missing > 0; missing--) this.openLater();
  }

  /** An isolate that dies while it boots is buried like any other; whoever waits for it is told there. */
  private openLater(): void {
    this.open(this.deaths).catch(() => {});
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
    this.owner.feed();
  }

  private async spawn(restarts: number): Promise<Slot> {
    const slot = new Slot(this.owner, restarts);
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
    this.deaths++;
    this.restartLater(this.restarts.died(cause));
    this.owner.died();
  }

  private restartLater(delayMs: number): void {
    if (this.isRestarting) return;
    this.isRestarting = true;
    this.timers.after(delayMs, () => {
      this.isRestarting = false;
      if (this.restarts.isOpen) this.openLater();
      else this.fill();
    });
  }

  private hasDoneEnough({ handled, isolate, state }: Slot): boolean {
    const { messages = Infinity, heapMb = Infinity } = this.parts.recycleAfter;
    return state !== 'leaving' && (handled >= messages || isolate.vitals[0] >= heapMb);
  }

  private dismiss(slot: Slot): void {
    void slot.isolate.close(this.parts.abortGrace + LEAST_CLOSE_MS);
  }

  /** Asks idle isolates whether they live, and closes those that are not needed. */
  private keepHouse(): void {
    const { pingEvery, idleAfter, size } = this.parts;
    this.timers.after(Math.min(pingEvery, Math.max(idleAfter, LEAST_CLOSE_MS)), () => {
      const idle = [...this.slots].filter(({ state }) => state === 'idle');
      for (const slot of idle) {
        const isSpare = this.staying > size.min && performance.now() - slot.idleSince >= idleAfter;
        if (!isSpare) slot.isolate.ping(pingEvery);
        else {
          slot.leave();
          this.dismiss(slot);
        }
      }
      this.keepHouse();
    });
  }

  /** How many isolates there are that are not about to go. */
  private get staying(): number {
    return [...this.slots].filter(({ state }) => state !== 'leaving').length;
  }
}

/** What the hooks of a context that is closed beside its pool's work get at least. */
const LEAST_CLOSE_MS = 1_000;

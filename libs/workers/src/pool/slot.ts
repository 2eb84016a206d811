import { performance } from 'node:perf_hooks';
import type { Ending } from '../isolate/body.js';
import type { Errand } from '../isolate/errand.js';
import type { Isolate, IsolateOwner } from '../isolate/isolate.js';
import type { IsolateStats } from '../observe/stats.js';

/** How much work is held ahead in an isolate: long enough to hide the way there, too short to wait long behind. */
const AHEAD_MS = 10;

/** What a slot needs of its pool. */
export interface SlotOwner {
  readonly kind: string;
  readonly window: number;
  readonly concurrency: number;
  /** How many messages an isolate handles in its life. */
  readonly lifeMessages: number;
  /** A handler was entered: its time runs. */
  entered(errand: Errand): void;
  /** There is room for another errand. */
  free(slot: Slot, errand: Errand): void;
  buried(slot: Slot, ending: Ending, left: readonly Errand[]): void;
}

/**
 * A place in the pool, and the isolate that lives in it.
 *
 * States: `starting` until its isolate is ready; `idle`; `busy` with errands; `leaving`, when it gets no more; `dead`. A dead slot is
 * buried; its place is taken by a new one.
 *
 * Promises: it holds at most `window` errands, fewer of slow ones, and none beyond those that its isolate handles in its life.
 */
export class Slot implements IsolateOwner {
  state: 'starting' | 'idle' | 'busy' | 'leaving' | 'dead' = 'starting';
  /** Errands it has finished. */
  handled = 0;
  /** Why its isolate could not boot. */
  failure: unknown = undefined;
  idleSince = performance.now();
  isolate!: Isolate;

  constructor(
    private readonly owner: SlotOwner,
    /** Which life this is of its place: 0 for the first. */
    readonly restarts: number,
  ) {}

  /** How many more errands it takes now. */
  get room(): number {
    if (this.state !== 'idle' && this.state !== 'busy') return 0;
    // One that has nothing to do but what is under way gets more all the same; its outcomes ask again.
    if (this.load > this.owner.concurrency && this.isolate.isCongested) return 0;
    return Math.min(this.depth, this.owner.lifeMessages - this.handled) - this.load;
  }

  get load(): number {
    return this.isolate.errands.size;
  }

  /** How many errands it may hold: as many as its handlers, and about 10 ms of work ahead. */
  private get depth(): number {
    const { window, concurrency } = this.owner;
    const { paceMs } = this.isolate;
    if (paceMs === undefined) return concurrency;
    return Math.min(window, Math.max(concurrency, Math.floor((AHEAD_MS * concurrency) / paceMs)));
  }

  ready(): void {
    if (this.state === 'starting') this.state = 'idle';
    this.isolate.hold(false);
    this.idleSince = performance.now();
  }

  give(errand: Errand): void {
    if (this.state === 'idle') this.isolate.hold(true);
    this.state = 'busy';
    this.isolate.send(errand);
    // An errand that could not even be written is over by now.
    if (this.isolate.errands.size === 0) this.rest();
  }

  /** Gets nothing more; what it has is finished. */
  leave(): void {
    if (this.state !== 'dead') this.state = 'leaving';
  }

  entered(errand: Errand): void {
    this.owner.entered(errand);
  }

  free(errand: Errand): void {
    if (errand.enteredAt > 0) this.handled++;
    if (this.isolate.errands.size === 0) this.rest();
    this.owner.free(this, errand);
  }

  ended(ending: Ending, left: readonly Errand[]): void {
    this.state = 'dead';
    this.owner.buried(this, ending, left);
  }

  stats(): IsolateStats {
    const [heapMb, rssMb] = this.isolate.vitals;
    const { state, load, handled, restarts, isolate, owner } = this;
    return { name: isolate.name, kind: owner.kind, pid: isolate.pid, state, load, handled, restarts, heapMb, rssMb };
  }

  private rest(): void {
    if (this.state === 'busy') {
      this.state = 'idle';
      this.isolate.hold(false);
    }
    this.idleSince = performance.now();
  }
}

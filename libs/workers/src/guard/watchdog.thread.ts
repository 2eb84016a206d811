import { runInThisContext } from 'node:vm';
import { isMainThread, Worker } from 'node:worker_threads';
import { Cell, ThreadTask } from './heartbeat.js';
import { nowMs } from './own.time.js';
import { WATCHDOG_SCRIPT } from './watchdog.script.js';

/** Whether anybody watches. Without a watchdog the first level of the guard still works. */
export type WatchState =
  | { readonly kind: 'off' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'on' }
  /** There can be no watchdog here, and why. */
  | { readonly kind: 'impossible'; readonly reason: string };

/** `nowMs` begins at 0 here, on the clock that all threads share. */
const EPOCH_MS = Number(process.hrtime.bigint()) / 1e6 - nowMs();

/** How long the end of a process waits for a look that was under way; a look takes less than a millisecond of a free core. */
const LONGEST_LOOK_MS = 100;

let threads = 0;

/**
 * The watchdog's thread, from the main thread's side: starts it, ends it, and lends it the function it looks through.
 *
 * States: see `WatchState`. `start` and `stop` may come in any order and any number of times; once impossible it stays so.
 *
 * Promises: it keeps no process alive. A thread that fails harms nobody: the state says so and the watch is over.
 */
export class WatchdogThread {
  private current: WatchState = { kind: 'off' };
  private worker: Worker | undefined;
  private readonly key = `nestjs-workers.guard.${process.pid}.${++threads}`;

  constructor(
    private readonly cells: Int32Array,
    private readonly look: (askedAtMs: number) => void,
  ) {}

  get state(): WatchState {
    return this.current;
  }

  start(): void {
    if (this.current.kind !== 'off') return;
    const reason = whyImpossible();
    if (reason !== undefined) return this.giveUp(reason);
    this.current = { kind: 'starting' };
    mainGlobal()[Symbol.for(this.key)] = this.look;
    try {
      this.worker = this.spawn();
    } catch (error) {
      this.giveUp(String(error));
    }
  }

  stop(): void {
    if (this.worker === undefined) return;
    this.end();
    this.forget();
    this.current = { kind: 'off' };
  }

  private readonly end = (): void => {
    Atomics.store(this.cells, Cell.task, ThreadTask.end);
    Atomics.notify(this.cells, Cell.task);
  };

  /** The process ends, perhaps in the middle of a look. */
  private readonly endNow = (): void => {
    this.end();
    Atomics.wait(this.cells, Cell.isLooking, 1, LONGEST_LOOK_MS);
  };

  private spawn(): Worker {
    const worker = new Worker(WATCHDOG_SCRIPT, {
      eval: true,
      name: 'nestjs-workers guard',
      workerData: { cells: this.cells, key: this.key, epochMs: EPOCH_MS },
      // Nothing of the application's loaders, preloads and profilers.
      execArgv: [],
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
    });
    worker.once('online', () => {
      if (this.worker === worker) this.current = { kind: 'on' };
    });
    worker.once('error', (error) => {
      if (this.worker === worker) this.giveUp(String(error));
    });
    process.once('exit', this.endNow);
    worker.once('exit', () => process.off('exit', this.endNow));
    worker.unref();
    return worker;
  }

  private giveUp(reason: string): void {
    this.forget();
    this.current = { kind: 'impossible', reason };
  }

  private forget(): void {
    this.worker = undefined;
    delete mainGlobal()[Symbol.for(this.key)];
  }
}

function whyImpossible(): string | undefined {
  if (!isMainThread) return 'the watchdog can look at the main thread only, and this is another one';
  if (!process.features.inspector) return 'this Node has no inspector to look through';
  return undefined;
}

/** What the inspector calls `globalThis`. Ours may be another one: test runners load code into contexts of their own. */
function mainGlobal(): Record<symbol, unknown> {
  return runInThisContext('globalThis') as Record<symbol, unknown>;
}

import { performance } from 'node:perf_hooks';
import { fault } from '../message/fault.js';
import { HandlerBlockedError } from './dispatch.errors.js';
import type { Dispatcher, DispatchSite, Run } from './dispatcher.js';
import type { Guarding } from './guarding.js';
import { noteJudged } from './segment.js';

/**
 * Runs the handler here, on the event loop. For handlers that only await.
 *
 * Promises: what the handler throws or rejects with ends its run and nothing else; a handler whose synchronous part passes the guard's
 * limit fails or is reported, as the guard says.
 * Does not promise: to stop a handler that ignores its signal; to see what a handler does after its first `await` (that is what
 * `WatchedDispatcher` is for).
 */
export class InlineDispatcher implements Dispatcher {
  private readonly limitMs: number;

  constructor(
    protected readonly site: DispatchSite,
    protected readonly guarding: Guarding,
  ) {
    this.limitMs = guarding.mode === 'off' ? Number.POSITIVE_INFINITY : guarding.guard.guardMs;
  }

  start(): void {}

  dispatch(run: Run): void {
    if (!run.entered()) return;
    const returned = this.enter(run);
    const leftAt = (run.leftAt = performance.now());
    if (leftAt - run.beganAt > this.limitMs) void this.judge(run, leftAt, returned);
    else this.follow(run, returned);
  }

  abandon(_run: Run): void {}

  askToStop(_reason: Error): void {}

  stop(): void {}

  isolates(): readonly [] {
    return [];
  }

  /** Calls the handler. What it throws comes back as a rejected promise, so that there is one way on. */
  protected enter(run: Run): unknown {
    try {
      return this.site.invoke(run.message, run.context);
    } catch (thrown) {
      return Promise.reject(thrown);
    }
  }

  /** Ends the run with what the handler returned, now or when that settles. */
  protected follow(run: Run, returned: unknown): void {
    const promised = promisedBy(returned);
    if (promised === undefined) run.end({ type: 'done', value: returned });
    else promised.then(run.fulfilled, run.rejected);
  }

  /** Where the watchdog saw this run block, when it did; it watches in development only. */
  protected async sighting(_run: Run): Promise<Sighting | undefined> {
    return undefined;
  }

  /** The handler took long to come back: was it to blame, and what follows from that? */
  private async judge(run: Run, leftAt: number, returned: unknown): Promise<void> {
    const { message } = run;
    noteJudged(run.context, leftAt);
    // Somebody must listen before the verdict is there, or a rejection would count as unhandled.
    const promised = promisedBy(returned);
    promised?.catch(() => {});
    const [ownMs, sighting] = await Promise.all([this.guarding.guard.ownMs(run.beganAt, leftAt), this.sighting(run)]);
    if (ownMs <= this.limitMs) return this.follow(run, promised ?? returned);
    this.blocked(run, { messageId: message.id, blockedMs: ownMs, location: undefined, stack: [], ...sighting });
    this.follow(run, promised ?? returned);
  }

  /** Announces what was seen, and fails the run where that is the guard's mode. */
  protected blocked(run: Run, seen: Seen): void {
    const { guard, mode, announcer } = this.guarding;
    announcer.announce('workers.blocked', { worker: this.site.name, ...seen });
    if (mode !== 'fail') return;
    const error = new HandlerBlockedError(this.site.name, seen.messageId, seen.blockedMs, guard.guardMs, seen.location);
    run.giveUp(fault('handler_blocked', error));
  }
}

/** A place in the user's code. */
export interface Sighting {
  readonly location: string | undefined;
  readonly stack: readonly string[];
}

/** A handler that held the event loop. */
export interface Seen extends Sighting {
  readonly messageId: string;
  readonly blockedMs: number;
}

/** The promise that `value` is or stands for; undefined when it is neither. To look at a value may throw, as a handler may. */
function promisedBy(value: unknown): Promise<unknown> | undefined {
  try {
    if (value instanceof Promise) return value;
    return isThenable(value) ? Promise.resolve(value) : undefined;
  } catch (thrown) {
    return Promise.reject(thrown);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

import { performance } from 'node:perf_hooks';
import { fault } from '../message/fault.js';
import { HandlerBlockedError } from './dispatch.errors.js';
import type { Dispatcher, DispatchSite, Run } from './dispatcher.js';
import type { InlineGuard } from './inline.guard.js';

/**
 * Runs the handler here, on the event loop. For handlers that only await.
 *
 * Promises: what the handler throws or rejects with ends its run and nothing else; a handler whose synchronous part passes the guard's
 * limit fails or is reported, as the guard says.
 * Does not promise: to stop a handler that ignores its signal.
 */
export class InlineDispatcher implements Dispatcher {
  constructor(
    protected readonly site: DispatchSite,
    protected readonly guard: InlineGuard,
  ) {}

  start(): void {}

  dispatch(run: Run): void {
    run.entered();
    let returned: unknown;
    try {
      returned = this.site.invoke(run.message, run.context);
    } catch (thrown) {
      // oxlint-disable-next-line prefer-promise-reject-errors -- a handler may throw anything, and it is passed on as it is
      returned = Promise.reject(thrown);
    }
    const leftAt = (run.leftAt = performance.now());
    if (leftAt - run.beganAt > this.guard.limitMs) void this.judge(run, leftAt, returned);
    else this.follow(run, returned);
  }

  abandon(): void {}

  stop(): void {}

  /** Ends the run with what the handler returned, now or when that settles. */
  protected follow(run: Run, returned: unknown): void {
    if (returned instanceof Promise) returned.then(run.fulfilled, run.rejected);
    else if (isThenable(returned)) Promise.resolve(returned).then(run.fulfilled, run.rejected);
    else run.end({ type: 'done', value: returned });
  }

  /** The handler took long to come back: was it to blame, and what follows from that? */
  private async judge(run: Run, leftAt: number, returned: unknown): Promise<void> {
    const settled = Promise.resolve(returned).then(
      (value) => () => run.fulfilled(value),
      (thrown: unknown) => () => run.rejected(thrown),
    );
    const blockedMs = await this.guard.judge(run.beganAt, leftAt);
    if (blockedMs === undefined) return (await settled)();
    this.guard.report(this.site.name, run.message.id, blockedMs);
    if (this.guard.mode === 'fail') this.fail(run, blockedMs, undefined);
    else (await settled)();
  }

  protected fail(run: Run, blockedMs: number, location: string | undefined): void {
    const error = new HandlerBlockedError(this.site.name, run.message.id, blockedMs, this.guard.guardMs, location);
    run.end({ type: 'failed', fault: fault('handler_blocked', error) });
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

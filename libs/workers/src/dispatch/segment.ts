import { performance } from 'node:perf_hooks';
import type { Guarding } from './guarding.js';

/** Runs whose handler was told of, by their contexts: the pair around the whole run may have seen the same. */
const told = new WeakSet<object>();

/** Whether it was told already that the handler of this run held the event loop. */
export function wasTold(context: object): boolean {
  return told.has(context);
}

/**
 * The first synchronous segment of a handler that is entered later than its run began: behind an interceptor that waits, behind Nest's
 * guards and pipes, or when its request-scoped instance is made. The dispatcher's own pair of readings is closed by then.
 *
 * For production (`guard: 'report'`); in development the watchdog sees all of a handler.
 */
export class Segment {
  constructor(
    private readonly worker: string,
    private readonly guarding: Guarding,
  ) {}

  /** Calls the handler, and tells when it held the event loop. */
  enter(context: { readonly messageId: string }, call: () => unknown): unknown {
    const beganAt = performance.now();
    try {
      return call();
    } finally {
      const leftAt = performance.now();
      if (leftAt - beganAt > this.guarding.guard.guardMs) void this.judge(context, beganAt, leftAt);
    }
  }

  private async judge(context: { readonly messageId: string }, beganAt: number, leftAt: number): Promise<void> {
    const { announcer, guard } = this.guarding;
    told.add(context);
    const { messageId } = context;
    const blockedMs = await guard.ownMs(beganAt, leftAt);
    if (blockedMs <= guard.guardMs) return;
    announcer.announce('workers.blocked', {
      worker: this.worker,
      messageId,
      blockedMs,
      location: undefined,
      stack: [],
    });
  }
}

import { performance } from 'node:perf_hooks';
import type { Guarding } from './guarding.js';

/** Until when runs are judged by the dispatcher's own pair of readings, by their contexts: that one saw whatever came before. */
const judged = new WeakMap<object, number>();

/** The dispatcher judges the run of `context` up to `leftAt` itself. */
export function noteJudged(context: object, leftAt: number): void {
  judged.set(context, leftAt);
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
    const { messageId } = context;
    const blockedMs = await guard.ownMs(beganAt, leftAt);
    if (blockedMs <= guard.guardMs || (judged.get(context) ?? 0) >= leftAt) return;
    announcer.announce('workers.blocked', {
      worker: this.worker,
      messageId,
      blockedMs,
      location: undefined,
      stack: [],
    });
  }
}

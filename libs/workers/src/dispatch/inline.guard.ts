import type { Announcer } from '../observe/announcer.js';

/** What happens to an inline handler that holds the event loop too long: its message fails, it is reported, or nothing. */
export type GuardMode = 'fail' | 'report' | 'off';

/** How long of a span nobody but the handler is to blame for: garbage collection and a busy machine are taken off. */
export type Explain = (beganAt: number, leftAt: number) => Promise<number> | number;

/**
 * Level one of the guard: judges the synchronous part of an inline handler by the two clock readings around it.
 *
 * Promises: awaited time never counts; a pause of the garbage collector or of the machine is not blamed on the handler.
 * Does not promise: to see what a handler does after its first `await`; that is the watchdog's part (`guard/`).
 */
export class InlineGuard {
  /** From how many milliseconds on a handler is judged. */
  readonly limitMs: number;

  constructor(
    readonly mode: GuardMode,
    readonly guardMs: number,
    private readonly explain: Explain,
    private readonly announcer: Announcer,
  ) {
    this.limitMs = mode === 'off' ? Number.POSITIVE_INFINITY : guardMs;
  }

  /** For how long the handler held the event loop, when that was too long; undefined when it was not to blame. */
  async judge(beganAt: number, leftAt: number): Promise<number | undefined> {
    const blockedMs = await this.explain(beganAt, leftAt);
    return blockedMs > this.limitMs ? blockedMs : undefined;
  }

  report(worker: string, messageId: string, blockedMs: number, location?: string, stack: readonly string[] = []): void {
    this.announcer.announce('workers.blocked', { worker, messageId, blockedMs, location, stack });
  }
}

/** What is known of code that held the event loop. */
export interface BlockReport {
  /** Whose code it was; undefined when it was no handler's, or cannot be proved to have been. */
  readonly runId: number | undefined;
  readonly worker: string | undefined;
  readonly messageId: string | undefined;
  /** How long it was seen to hold the event loop, in its own time (`own.time.ts`). It held it at least that long. */
  readonly blockedMs: number;
  /** How long the event loop did not turn in all, by the clock. */
  readonly heldMs: number;
  /** `file:line:column` of the blocking line of the user's code. */
  readonly location: string | undefined;
  readonly functionName: string | undefined;
  /** The stack as it was last seen, topmost frame first. */
  readonly stack: readonly string[];
}

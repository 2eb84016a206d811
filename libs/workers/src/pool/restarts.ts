/** How fast dead isolates are replaced, and when that stops. Milliseconds. */
export interface RestartOptions {
  /** Before the first restart in a row; doubled for each further one. @default '100ms' */
  readonly delay: number;
  /** The longest it becomes. @default '10s' */
  readonly maxDelay: number;
  /** So many deaths in a row, with nothing finished in between, open the breaker. @default 5 */
  readonly crashes: number;
  /** For how long nothing is started then. @default '30s' */
  readonly pause: number;
}

/**
 * Counts deaths in a row and says when the next isolate may be started.
 *
 * States: `closed`, with backoff between restarts; `open`, when isolates died so often in a row that more of them would only die too;
 * after the pause one is tried (`half-open`): if it finishes something the breaker closes, if it dies the next pause begins.
 */
export class Restarts {
  private inARow = 0;
  private lastCause: unknown;

  constructor(
    private readonly options: RestartOptions,
    private readonly random: () => number = Math.random,
  ) {}

  get crashes(): number {
    return this.inARow;
  }

  get cause(): unknown {
    return this.lastCause;
  }

  /** Whether the last death was one too many. */
  get isOpen(): boolean {
    return this.inARow >= this.options.crashes;
  }

  /** Something was finished: the isolates are sound. */
  finished(): void {
    this.inARow = 0;
  }

  /** Notes a death; returns after how many milliseconds the next isolate may be started. */
  died(cause: unknown): number {
    this.inARow++;
    this.lastCause = cause;
    const { delay, maxDelay, pause } = this.options;
    if (this.isOpen) return pause;
    const backoff = Math.min(maxDelay, delay * 2 ** (this.inARow - 1));
    return backoff * (0.8 + 0.4 * this.random());
  }
}

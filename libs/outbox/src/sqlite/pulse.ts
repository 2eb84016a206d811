/** How often it is looked while there is news, here or from others. */
const BUSY_EVERY_MS = 25;
/** And when there is none. To look is cheap, to wake a sleeping process is not: 40 times a second it is half a percent of a core. */
const QUIET_EVERY_MS = 100;
/** How many looks without news, while busy, make it quiet: two seconds of them. */
const QUIET_AFTER_LOOKS = 80;

/**
 * Looks again and again, often while it finds something.
 *
 * States: stopped, busy (every 25 ms), quiet (every 100 ms, after two seconds without news; news makes it busy). It keeps no process alive.
 */
export class Pulse {
  private timer: NodeJS.Timeout | undefined;
  /** Counts on while it is quiet. */
  private looksWithoutNews = 0;

  /** @param look whether there was news */
  constructor(private readonly look: () => boolean) {}

  get isBeating(): boolean {
    return this.timer !== undefined;
  }

  start(): void {
    this.looksWithoutNews = 0;
    this.beat(BUSY_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** There was news, or will be soon. */
  quicken(): void {
    const wasQuiet = this.looksWithoutNews >= QUIET_AFTER_LOOKS;
    this.looksWithoutNews = 0;
    if (wasQuiet && this.isBeating) this.beat(BUSY_EVERY_MS);
  }

  private beat(everyMs: number): void {
    clearInterval(this.timer);
    this.timer = setInterval(() => {
      if (this.look()) this.quicken();
      else if (++this.looksWithoutNews === QUIET_AFTER_LOOKS) this.beat(QUIET_EVERY_MS);
    }, everyMs);
    this.timer.unref();
  }
}

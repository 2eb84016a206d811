/**
 * How much time may go into looking everywhere: a share of all time, saved up to a limit, and overdrawn by the last look at most.
 *
 * So looks that cost a millisecond are as frequent as anybody wants, and those that cost a second, because a forgotten transaction keeps
 * a million dead rows in the way, come every twenty.
 */
export class Allowance {
  private savedMs: number;
  private atMs: number;

  constructor(
    private readonly share: number,
    private readonly limitMs = 100,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.savedMs = limitMs;
    this.atMs = now();
  }

  get isLeft(): boolean {
    return this.waitMs() <= 0;
  }

  spend(ms: number): void {
    this.save();
    this.savedMs -= ms;
  }

  /** Until there is something left again. */
  waitMs(): number {
    this.save();
    return this.savedMs > 0 ? 0 : (1 - this.savedMs) / this.share;
  }

  private save(): void {
    const now = this.now();
    this.savedMs = Math.min(this.limitMs, this.savedMs + (now - this.atMs) * this.share);
    this.atMs = now;
  }
}

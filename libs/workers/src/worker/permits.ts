/**
 * How much one worker may have in hand: messages in flight, and outcomes that take their time to settle.
 *
 * Promises: while `isFull` is respected, at most `concurrency` messages are in flight, and messages and unsettled outcomes together are
 * at most twice as many, and what the source allows beside.
 */
export class Permits {
  /** Messages taken whose outcome is not recorded. */
  inUse = 0;
  /** Outcomes recorded that are not settled yet. */
  unsettled = 0;
  maxUnsettled: number;
  /** How many more outcomes the source lets be unsettled. */
  private allowed = 0;

  constructor(
    public concurrency: number,
    /** Told when the first message is in flight, and when none is any more. */
    private readonly onBusy: (isBusy: boolean) => void,
  ) {
    this.maxUnsettled = 2 * concurrency;
  }

  /** Whether no permit is free, or there is no place for one more outcome that takes its time to settle. */
  get isFull(): boolean {
    return this.inUse >= this.concurrency || this.inUse + this.unsettled >= this.maxUnsettled;
  }

  /** Whether nothing is in flight, unsettled or about to start. */
  get isQuiet(): boolean {
    return this.inUse === 0 && this.unsettled === 0;
  }

  /** How many more messages may be taken. */
  get room(): number {
    return Math.max(0, Math.min(this.concurrency - this.inUse, this.maxUnsettled - this.inUse - this.unsettled));
  }

  setConcurrency(concurrency: number): void {
    this.concurrency = concurrency;
    this.maxUnsettled = 2 * concurrency + this.allowed;
  }

  allowUnsettled(more: number): void {
    this.allowed = more;
    this.maxUnsettled = 2 * this.concurrency + more;
  }

  use(): void {
    if (++this.inUse === 1) this.onBusy(true);
  }

  giveBack(permits: number): void {
    if (permits > 0 && (this.inUse -= permits) === 0) this.onBusy(false);
  }
}

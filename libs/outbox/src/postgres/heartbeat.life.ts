import type { Life, LifeEvents } from './life.js';

export const BEAT_MS = 500;
/** So long a heartbeat counts. */
export const BEAT_VALID_MS = 2_000;

/**
 * A life that is a row, renewed over any connection: for poolers that lend one per transaction, where a session holds nothing. It hears no
 * bell.
 *
 * A process that does not come to renew it for two seconds (because it computes, or the database is slow) is dead for the others, and
 * takes itself for dead too.
 */
export class HeartbeatLife implements Life {
  private timer: NodeJS.Timeout | undefined;
  private validUntilMs = 0;
  private isEnded = false;

  constructor(
    /** Renews the row; false when it is gone. */
    private readonly beat: () => Promise<boolean>,
    private readonly events: LifeEvents,
  ) {}

  async begin(): Promise<void> {
    this.validUntilMs = performance.now() + BEAT_VALID_MS;
    this.next();
  }

  doubt(): void {}

  async end(): Promise<void> {
    this.isEnded = true;
    clearTimeout(this.timer);
  }

  private next(): void {
    this.timer = setTimeout(() => void this.renew(), BEAT_MS);
  }

  private async renew(): Promise<void> {
    const asked = performance.now();
    if (asked > this.validUntilMs)
      return this.lose(new Error('This process was busy for longer than its heartbeat counts.'));
    const deadline = setTimeout(
      () => this.lose(new Error('The database did not take the heartbeat in time.')),
      this.validUntilMs - asked,
    );
    try {
      if (!(await this.beat())) return this.lose(new Error('The claims of this host were taken over.'));
      this.validUntilMs = asked + BEAT_VALID_MS;
    } catch (error) {
      if (!this.isEnded) this.events.fault(error);
    } finally {
      clearTimeout(deadline);
    }
    if (!this.isEnded) this.next();
  }

  private lose(reason: Error): void {
    if (this.isEnded) return;
    this.isEnded = true;
    clearTimeout(this.timer);
    this.events.isOver(reason);
  }
}

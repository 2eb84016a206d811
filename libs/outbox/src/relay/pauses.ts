import type { Clock } from '@nestjs-workers/core/extension';

/** The first wait after the store failed, and the longest. */
const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 5_000;

/** Waits between tries, each twice as long as the one before, that can be cut short. They keep no process alive. */
export class Pauses {
  private readonly underWay = new Set<() => void>();

  constructor(
    private readonly clock: Clock,
    private readonly chance: () => number,
  ) {}

  /** Waits after `failures` failures; with jitter, so that hosts that failed together do not come back together. */
  after(failures: number): Promise<void> {
    const longest = Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), LONGEST_WAIT_MS);
    return new Promise((resolve) => {
      const over = (): void => {
        timer.cancel();
        this.underWay.delete(over);
        resolve();
      };
      const timer = this.clock.after(longest * (0.5 + this.chance() / 2), over);
      timer.hold(false);
      this.underWay.add(over);
    });
  }

  /** Whoever waits goes on now. */
  cutShort(): void {
    for (const over of this.underWay) over();
  }
}

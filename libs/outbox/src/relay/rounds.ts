import type { Clock, Timer } from '@nestjs-workers/core/extension';

/** Something that is done again and again. */
export interface Round {
  readonly name: string;
  readonly everyMs: number;
  /** May give the time until it is worth doing again, when that is sooner. */
  readonly work: () => Promise<number | void>;
  /** Whether it keeps the process alive. @default false */
  readonly isHolding?: boolean;
}

/**
 * Does each round again some time after it has ended, so that a slow database is not asked twice at once.
 *
 * Promises: a round that fails is told and done again; after `stop` none begins, and `stop` resolves when none is under way.
 */
export class Rounds {
  private readonly timers = new Map<string, Timer>();
  private readonly underWay = new Set<Promise<void>>();
  private isStopped = false;

  constructor(
    private readonly clock: Clock,
    private readonly onFault: (round: string, error: unknown) => void,
  ) {}

  begin(rounds: readonly Round[]): void {
    for (const round of rounds) this.later(round, round.everyMs);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    for (const timer of this.timers.values()) timer.cancel();
    await Promise.all(this.underWay);
  }

  private later(round: Round, delayMs: number): void {
    if (this.isStopped) return;
    const timer = this.clock.after(delayMs, () => {
      const doing: Promise<void> = this.go(round).finally(() => this.underWay.delete(doing));
      this.underWay.add(doing);
    });
    timer.hold(round.isHolding === true);
    this.timers.set(round.name, timer);
  }

  private async go(round: Round): Promise<void> {
    let soonerMs: number | void = undefined;
    try {
      soonerMs = await round.work();
    } catch (error) {
      this.onFault(round.name, error);
    }
    this.later(round, Math.min(soonerMs ?? round.everyMs, round.everyMs));
  }
}

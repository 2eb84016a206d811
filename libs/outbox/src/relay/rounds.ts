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

/** A round that fails again and again is done ever more rarely, but so often at least. */
const LONGEST_PAUSE_MS = 2_000;

/**
 * Does each round again some time after it has ended, so that a slow database is not asked twice at once.
 *
 * Promises: a round that fails is told, once until it succeeds, and done again, after a pause that doubles; after `stop` none begins, and `stop` resolves when none is under way.
 */
export class Rounds {
  private readonly coming = new Map<string, { readonly round: Round; readonly timer: Timer; readonly dueAt: number }>();
  private readonly underWay = new Set<Promise<void>>();
  /** When those that are under way were asked for again, if they were. */
  private readonly askedAt = new Map<string, number>();
  /** How often each failed since it last succeeded. */
  private readonly failures = new Map<string, number>();
  private isStopped = false;

  constructor(
    private readonly clock: Clock,
    private readonly onFault: (round: string, error: unknown) => void,
    /** Told after each round, and whether it failed. */
    private readonly onRound: (hasFailed: boolean) => void = () => {},
  ) {}

  begin(rounds: readonly Round[]): void {
    for (const round of rounds) this.later(round, round.everyMs);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    for (const { timer } of this.coming.values()) timer.cancel();
    await Promise.all(this.underWay);
  }

  /**
   * Has a round done in `delayMs`, where it would be done later. One that is under way may have looked already: it is done again then.
   */
  hasten(name: string, delayMs: number): void {
    const askedAt = this.askedAt.get(name);
    if (askedAt !== undefined) this.askedAt.set(name, Math.min(askedAt, this.clock.now() + delayMs));
    const coming = this.coming.get(name);
    if (coming === undefined || coming.dueAt - this.clock.now() <= delayMs) return;
    coming.timer.cancel();
    this.later(coming.round, delayMs);
  }

  private later(round: Round, delayMs: number): void {
    if (this.isStopped) return;
    const timer = this.clock.after(delayMs, () => {
      this.coming.delete(round.name);
      const doing: Promise<void> = this.go(round).finally(() => this.underWay.delete(doing));
      this.underWay.add(doing);
    });
    timer.hold(round.isHolding === true);
    this.coming.set(round.name, { round, timer, dueAt: this.clock.now() + delayMs });
  }

  private async go(round: Round): Promise<void> {
    const { name, everyMs } = round;
    this.askedAt.set(name, Infinity);
    try {
      const soonerMs = (await round.work()) ?? everyMs;
      const askedMs = Math.max(0, (this.askedAt.get(name) ?? Infinity) - this.clock.now());
      this.failures.delete(name);
      this.onRound(false);
      this.askedAt.delete(name);
      this.later(round, Math.min(soonerMs, askedMs, everyMs));
    } catch (error) {
      this.askedAt.delete(name);
      const failures = (this.failures.get(name) ?? 0) + 1;
      this.failures.set(name, failures);
      this.onRound(true);
      if (failures === 1) this.onFault(name, error);
      this.later(round, Math.max(everyMs, Math.min(everyMs * 2 ** (failures - 1), LONGEST_PAUSE_MS)));
    }
  }
}

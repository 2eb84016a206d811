import type { CronJob, CronTime } from 'cron';
import type { Clock, Timer } from '../lifecycle/clock.js';

export type Cron = typeof import('cron');

/** The wall clock can be set, and a machine can sleep through a timer; a long wait looks at it this often. */
const LONGEST_LEG_MS = 300_000;
/** How many missed times are counted: finding one takes about 0.25 ms, and a night of seconds would take 7 s. */
const MOST_MISSED = 100;

/**
 * A job of the `cron` package that takes the time from `clock`, so that a held clock holds it too. `onTick` is told the times that are
 * due, in milliseconds since 1970: several after a late event loop, none when somebody else calls `fireOnTick`.
 *
 * Promises: `start`, `stop`, `setTime` and `fireOnTick` do what they do on any job; each time is told once, also when the wall clock is set
 * back. After a sleep through more than 100 times the later ones are left out.
 * Does not promise: that `nextDate()` knows of a held clock.
 */
export function clockedJob(
  cron: Cron,
  time: Pick<CronTime, 'timeZone'> & { readonly source: string },
  clock: Clock,
  onTick: (dueTimes: readonly number[]) => void,
): CronJob {
  class ClockedJob extends cron.CronJob {
    private timer: Timer | undefined = undefined;
    private dueTimes: readonly number[] = [];

    override get isActive(): boolean {
      return this.timer !== undefined;
    }

    override start(): void {
      if (!this.isActive) this.arm(nextAfter(this.cronTime, clock.wall()));
    }

    override stop(): Promise<void> | undefined {
      this.timer?.cancel();
      this.timer = undefined;
      return super.stop();
    }

    override setTime(changed: CronTime): void {
      const wasActive = this.isActive;
      super.setTime(changed);
      if (wasActive) this.start();
    }

    override fireOnTick(): Promise<void> {
      const told = this.dueTimes;
      this.dueTimes = [];
      onTick(told);
      return super.fireOnTick();
    }

    private arm(next: number | undefined): void {
      if (next === undefined) return void (this.timer = undefined);
      const delayMs = Math.max(1, Math.min(LONGEST_LEG_MS, Math.ceil(next - clock.wall())));
      this.timer = clock.after(delayMs, () => (clock.wall() < next ? this.arm(next) : this.ring(next)));
    }

    private ring(first: number): void {
      const now = clock.wall();
      const dueTimes: number[] = [];
      let next: number | undefined = first;
      while (next !== undefined && next <= now && dueTimes.length < MOST_MISSED) {
        dueTimes.push(next);
        next = nextAfter(this.cronTime, next);
      }
      this.arm(next !== undefined && next <= now ? nextAfter(this.cronTime, now) : next);
      this.dueTimes = dueTimes;
      this.lastExecution = new Date(now);
      void this.fireOnTick();
    }
  }
  return new ClockedJob(time.source, () => {}, null, false, time.timeZone);
}

/** The next time after `wallMs`, in milliseconds since 1970; undefined when there is none in the next eight years. */
export function nextAfter(time: CronTime, wallMs: number): number | undefined {
  if (typeof time.source !== 'string') {
    const onlyTime = time.source.toMillis();
    return onlyTime > wallMs ? onlyTime : undefined;
  }
  try {
    // cron 4.4.0 answers with a time before the one it was asked for where clocks are set back by half an hour (Lord Howe).
    for (let from = wallMs; from < wallMs + 3_600_000; from += 60_000) {
      const next = time.getNextDateFrom(new Date(from), zoneOf(time)).toMillis();
      if (next > wallMs) return next;
    }
  } catch {
    // That there is no such time is an exception in the cron package; here it is an answer.
  }
  return undefined;
}

function zoneOf({ timeZone, utcOffset = 0 }: CronTime): string {
  if (timeZone !== undefined) return timeZone;
  const minutes = String(Math.abs(utcOffset) % 60).padStart(2, '0');
  return `UTC${utcOffset < 0 ? '-' : '+'}${Math.trunc(Math.abs(utcOffset) / 60)}:${minutes}`;
}

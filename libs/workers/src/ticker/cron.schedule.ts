import { createRequire } from 'node:module';
import type { CronJob } from 'cron';
import type { Clock } from '../lifecycle/clock.js';
import { ConfigurationError } from '../option.table.js';
import { nearest, shown } from '../workers.error.js';
import { type Cron, clockedJob, nextAfter } from './cron.job.js';
import type { OnDue, Schedule } from './schedule.js';
import { CronNotInstalledError } from './ticker.errors.js';

/** As much of the `SchedulerRegistry` of @nestjs/schedule as a ticker needs. */
export interface CronRegistry {
  doesExist(type: 'cron', name: string): boolean;
  addCronJob(name: string, job: unknown): void;
  getCronJobs(): ReadonlyMap<string, unknown>;
  deleteCronJob(name: string): void;
}

/** What a cron schedule is made of. */
export interface CronParts {
  /** The ticker's name, and the job's in `registry`. */
  readonly name: string;
  readonly expression: string;
  readonly timeZone: string | undefined;
  readonly immediate: boolean;
  readonly clock: Clock;
  /** The application's own; undefined when it has none, and then nobody else sees the job. */
  readonly registry: CronRegistry | undefined;
}

/**
 * Due when a cron expression says so, by the wall clock of a time zone. While it runs, its job lies in the application's
 * `SchedulerRegistry` under the ticker's name, where the application can stop it, start it, give it another time and fire it.
 *
 * When clocks change: a time that is left out is due right after the change, and a fixed hour that comes twice is due once; what is
 * due every hour or minute goes on at its pace.
 */
export class CronSchedule implements Schedule {
  private readonly job: CronJob;
  private onDue: OnDue = () => {};

  private constructor(
    private readonly parts: CronParts,
    cron: Cron,
  ) {
    const { expression, timeZone, clock } = parts;
    const time = timeZone === undefined ? { source: expression } : { source: expression, timeZone };
    this.job = clockedJob(cron, time, clock, (dueTimes) => this.tell(dueTimes));
  }

  /**
   * A schedule for an expression that was checked; what is wrong with it is added to `problems`, and then there is none.
   *
   * @throws CronNotInstalledError
   */
  static create(parts: CronParts, problems: string[]): CronSchedule | undefined {
    const cron = loadCron(parts.name);
    const found = problemOf(parts, cron);
    if (found === undefined) return new CronSchedule(parts, cron);
    problems.push(`tickers.${parts.name}.${found}`);
    return undefined;
  }

  /** @throws ConfigurationError when the application has another cron job of this name */
  start(onDue: OnDue): void {
    const { name, registry, immediate } = this.parts;
    if (registry?.doesExist('cron', name) === true) {
      throw new ConfigurationError([
        `tickers.${name}.name: the application's SchedulerRegistry has a cron job of this name already. Rename one of the two.`,
      ]);
    }
    this.onDue = onDue;
    registry?.addCronJob(name, this.job);
    this.job.start();
    if (immediate) void this.job.fireOnTick();
  }

  stop(): void {
    const { name, registry } = this.parts;
    void this.job.stop();
    this.onDue = () => {};
    if (registry?.getCronJobs().get(name) === this.job) registry.deleteCronJob(name);
  }

  private tell(dueTimes: readonly number[]): void {
    const now = this.parts.clock.wall();
    this.onDue(Math.max(1, dueTimes.length), (index) => {
      const dueAt = dueTimes[index] ?? now;
      return { dueAt, lateMs: now - dueAt };
    });
  }
}

/** The `cron` package that @nestjs/schedule brings along, wherever the package manager has put it. */
export function loadCron(ticker: string, from = import.meta.url): Cron {
  try {
    const nestSchedule = createRequire(from).resolve('@nestjs/schedule');
    return createRequire(nestSchedule)('cron') as Cron;
  } catch (cause) {
    throw new CronNotInstalledError(ticker, cause);
  }
}

function problemOf({ expression, timeZone, clock }: CronParts, { CronTime }: Cron): string | undefined {
  if (faultOf(() => new CronTime('* * * * *', timeZone)) !== undefined) {
    const near = nearest(timeZone ?? '', Intl.supportedValuesOf('timeZone'));
    const help = near === undefined ? '' : ` Did you mean "${near}"?`;
    return `timeZone: expected an IANA time zone such as 'Europe/Berlin', got ${shown(timeZone)}.${help}`;
  }
  const fault = faultOf(() => new CronTime(expression));
  if (fault !== undefined)
    return `cron: expected a cron expression such as '*/5 * * * *', got ${shown(expression)}: ${fault}.`;
  if (nextAfter(new CronTime(expression, timeZone), clock.wall()) === undefined) {
    return `cron: expected an expression that comes due, got ${shown(expression)}, which does not within eight years.`;
  }
  return undefined;
}

function faultOf(make: () => unknown): string | undefined {
  try {
    make();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

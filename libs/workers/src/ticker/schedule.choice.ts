import type { Clock } from '../lifecycle/clock.js';
import { type CronRegistry, CronSchedule } from './cron.schedule.js';
import { IntervalSchedule } from './interval.schedule.js';
import type { Schedule } from './schedule.js';
import type { ResolvedTickerOptions } from './ticker.options.js';

/**
 * The schedule that a ticker's options ask for; undefined where a problem was reported.
 *
 * @throws CronNotInstalledError
 */
export function scheduleFor(
  { name, time, immediate }: Pick<ResolvedTickerOptions, 'name' | 'time' | 'immediate'>,
  clock: Clock,
  registry: CronRegistry | undefined,
  problems: string[],
): Schedule | undefined {
  if (time === undefined) return undefined;
  if (time.type === 'interval') return new IntervalSchedule(time.everyMs, immediate, clock);
  return CronSchedule.create({ ...time, name, immediate, clock, registry }, problems);
}

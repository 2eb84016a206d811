import { SchedulerRegistry } from '@nestjs/schedule';
import { CronTime } from 'cron';
import { describe, expect, it } from 'vitest';
import { HeldClock } from '../testing/held.clock.js';
import { nextAfter } from './cron.job.js';
import { CronSchedule, loadCron } from './cron.schedule.js';
import { gate, ticking, told } from './fixtures/ticking.js';
import type { Moment } from './schedule.js';

const BERLIN = 'Europe/Berlin';

function cron(expression: string, clock: HeldClock, more: { timeZone?: string; registry?: SchedulerRegistry } = {}) {
  const problems: string[] = [];
  const parts = {
    name: 'Clock',
    expression,
    timeZone: more.timeZone,
    immediate: false,
    clock,
    registry: more.registry,
  };
  return { schedule: CronSchedule.create(parts, problems), problems };
}

async function dueTimes(expression: string, timeZone: string, from: string, to: string): Promise<string[]> {
  const clock = new HeldClock(from);
  const told: string[] = [];
  const { schedule } = cron(expression, clock, { timeZone });
  schedule?.start((count, momentOf) => {
    expect([count, momentOf(0)]).toEqual([1, { dueAt: clock.wall(), lateMs: 0 }]);
    told.push(new Date(clock.wall()).toISOString().slice(0, 16));
  });
  await clock.advanceTo(to);
  schedule?.stop();
  expect(clock.pending).toBe(0);
  return told;
}

/** A clock whose wall time can be set, as a network time service does, or a machine that wakes up. */
class SetClock extends HeldClock {
  private setByMs = 0;

  override wall(): number {
    return super.wall() + this.setByMs;
  }

  set(ms: number): void {
    this.setByMs += ms;
  }
}

describe('a cron schedule', () => {
  it('is due by the wall clock of its time zone, on both sides of a change of the clocks', async () => {
    expect(await dueTimes('0 9 * * *', BERLIN, '2026-03-27T12:00:00Z', '2026-03-30T12:00:00Z')).toEqual([
      '2026-03-28T08:00',
      '2026-03-29T07:00',
      '2026-03-30T07:00',
    ]);
    expect(await dueTimes('0 9 * * *', 'America/New_York', '2026-10-31T12:00:00Z', '2026-11-02T20:00:00Z')).toEqual([
      '2026-10-31T13:00',
      '2026-11-01T14:00',
      '2026-11-02T14:00',
    ]);
  });

  it('is due right after the change at a time that the change leaves out', async () => {
    expect(await dueTimes('30 2 * * *', BERLIN, '2026-03-28T12:00:00Z', '2026-03-30T12:00:00Z')).toEqual([
      '2026-03-29T01:00',
      '2026-03-30T00:30',
    ]);
  });

  it('is due once at a fixed hour that comes twice, and keeps its pace through it', async () => {
    expect(await dueTimes('30 2 * * *', BERLIN, '2026-10-24T12:00:00Z', '2026-10-26T12:00:00Z')).toEqual([
      '2026-10-25T00:30',
      '2026-10-26T01:30',
    ]);
    expect(await dueTimes('0 * * * *', BERLIN, '2026-10-24T23:30:00Z', '2026-10-25T02:30:00Z')).toEqual([
      '2026-10-25T00:00',
      '2026-10-25T01:00',
      '2026-10-25T02:00',
    ]);
  });

  it('is due in seconds with six fields', async () => {
    const clock = new HeldClock();
    const at: number[] = [];
    cron('*/20 * * * * *', clock, { timeZone: 'UTC' }).schedule?.start(() => at.push(clock.now()));
    await clock.advance('1m');
    expect(at).toEqual([20_000, 40_000, 60_000]);
  });

  it('counts what it slept through, up to 100 times, and goes on from now', async () => {
    const clock = new SetClock();
    const told: [number, Moment, Moment][] = [];
    cron('* * * * *', clock, { timeZone: 'UTC' }).schedule?.start((count, momentOf) => {
      told.push([count, momentOf(0), momentOf(count - 1)]);
    });
    clock.set(30 * 60_000);
    await clock.advance('1m');
    clock.set(48 * 3_600_000);
    await clock.advance('2m');
    const start = Date.parse('2026-01-01T00:00:00Z');
    expect(told.map(([count]) => count)).toEqual([31, 100, 1]);
    expect(told[0]).toEqual([
      31,
      { dueAt: start + 60_000, lateMs: 30 * 60_000 },
      { dueAt: start + 31 * 60_000, lateMs: 0 },
    ]);
  });

  it('notices within five minutes that the wall clock was set forward, and tells no time twice when it is set back', async () => {
    const clock = new SetClock();
    const told: string[] = [];
    cron('0 * * * *', clock, { timeZone: 'UTC' }).schedule?.start((_, momentOf) => {
      told.push(new Date(momentOf(0).dueAt).toISOString().slice(11, 16));
    });
    clock.set(59 * 60_000);
    await clock.advance('5m');
    expect(told).toEqual(['01:00']);
    clock.set(-30 * 60_000);
    await clock.advance('60m');
    expect(told).toEqual(['01:00']);
    await clock.advance('30m');
    expect(told).toEqual(['01:00', '02:00']);
  });

  it('finds a later time where the cron package finds an earlier one', () => {
    const setBack = Date.parse('2026-04-04T15:00:00Z');
    const zone = 'Australia/Lord_Howe';
    const time = new CronTime('*/5 * * * *', zone);
    expect(time.getNextDateFrom(new Date(setBack), zone).toMillis()).toBeLessThan(setBack);
    expect(nextAfter(time, setBack)).toBeGreaterThan(setBack);
    expect(nextAfter(time, setBack)).toBeLessThanOrEqual(setBack + 35 * 60_000);
  });

  it.each([
    [
      '* * *',
      {},
      "tickers.Clock.cron: expected a cron expression such as '*/5 * * * *', got * * * (string): Too few fields.",
    ],
    ['61 * * * * *', {}, 'got 61 * * * * * (string): Field value (61) is out of range.'],
    [
      '0 0 30 2 *',
      {},
      'expected an expression that comes due, got 0 0 30 2 * (string), which does not within eight years.',
    ],
    [
      '* * * * *',
      { timeZone: 'Europe/Berlinn' },
      'tickers.Clock.timeZone: expected an IANA time zone such as \'Europe/Berlin\', got Europe/Berlinn (string). Did you mean "Europe/Berlin"?',
    ],
  ])('refuses %s %o', (expression, more, problem) => {
    const { schedule, problems } = cron(expression, new HeldClock(), more);
    expect(schedule).toBeUndefined();
    expect(problems).toEqual([expect.stringContaining(problem)]);
  });

  it('says what to install where the cron package cannot be found', () => {
    expect(() => loadCron('Nightly', 'file:///nowhere/index.js')).toThrow(
      'Ticker "Nightly" has a cron expression, and @nestjs/schedule, which brings the reader for it, cannot be loaded. Install it (npm install @nestjs/schedule)',
    );
  });
});

describe('a cron ticker in the SchedulerRegistry of the application', () => {
  function registered(cronTime = '0 * * * *') {
    const clock = new HeldClock();
    const registry = new SchedulerRegistry();
    const made = ticking({ cron: cronTime, timeZone: 'UTC', timeout: false }, clock, () => {}, registry);
    return { clock, registry, ...made };
  }

  it('lies there under its name from start to stop', async () => {
    const { registry, start, source, clock } = registered();
    expect(registry.doesExist('cron', 'Clock')).toBe(false);
    await start();
    expect(registry.getCronJob('Clock').isActive).toBe(true);
    await clock.advance('2h');
    expect(registry.getCronJob('Clock').lastDate()?.toISOString()).toBe('2026-01-01T02:00:00.000Z');
    source.stop();
    expect([registry.doesExist('cron', 'Clock'), clock.pending]).toEqual([false, 0]);
  });

  it('is stopped, started, set to another time and fired by the application', async () => {
    const { registry, start, events, clock } = registered();
    await start();
    const job = registry.getCronJob('Clock');
    let others = 0;
    job.addCallback(() => void others++);
    await job.fireOnTick();
    expect([told(events), others]).toEqual([['tick 0'], 1]);
    await job.stop();
    await clock.advance('3h');
    expect([told(events), job.isActive]).toEqual([['tick 0'], false]);
    job.start();
    job.start();
    await clock.advance('1h');
    expect([told(events), others]).toEqual([['tick 0', 'tick 1'], 2]);
    job.setTime(new CronTime('0 * * * *', null, 345));
    await clock.advance('20m');
    expect(told(events)).toEqual(['tick 0', 'tick 1', 'tick 2']);
    job.setTime(new CronTime(new Date(clock.wall() + 60_000)));
    await clock.advance('1h');
    expect(told(events).slice(3)).toEqual(['tick 3']);
  });

  it('skips what the application fires while a tick is under way', async () => {
    const clock = new HeldClock();
    const registry = new SchedulerRegistry();
    const { opened, open } = gate();
    const { start, source } = ticking({ cron: '0 * * * *', immediate: true }, clock, () => opened, registry);
    await start();
    await registry.getCronJob('Clock').fireOnTick();
    expect(source.stats()).toMatchObject({ ticks: 1, skipped: 1 });
    open();
  });

  it('outlives the application deleting its job, and stops like any other', async () => {
    const { registry, start, source, events, clock } = registered();
    await start();
    registry.deleteCronJob('Clock');
    await clock.advance('2h');
    source.stop();
    expect([told(events), source.stats().state]).toEqual([[], 'stopped']);
  });

  it('refuses a name that a job of the application has, and leaves that job alone', async () => {
    const first = registered();
    await first.start();
    const second = ticking({ cron: '* * * * *' }, first.clock, () => {}, first.registry);
    await expect(second.start()).rejects.toThrow(
      "tickers.Clock.name: the application's SchedulerRegistry has a cron job of this name already. Rename one of the two.",
    );
    second.source.stop();
    expect(first.registry.getCronJob('Clock').isActive).toBe(true);
  });
});

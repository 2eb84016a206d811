import { describe, expect, it } from 'vitest';
import { SystemClock } from '../lifecycle/clock.js';
import { HeldClock } from '../testing/held.clock.js';
import { gate, ticking, told } from './fixtures/ticking.js';
import type { TickContext } from './tick.context.js';

/** A tick that lasts `ms` of held time, and a note of how many were inside at once. */
function lasting(ms: number, clock: HeldClock) {
  const handled: number[] = [];
  const inside = { now: 0, most: 0 };
  const tick = async ({ sequence }: TickContext): Promise<void> => {
    handled.push(sequence);
    inside.most = Math.max(inside.most, ++inside.now);
    await new Promise<void>((resolve) => clock.after(ms, resolve));
    inside.now--;
  };
  return { tick, handled, inside };
}

/** A clock whose timers ring late, all together, as after a handler that held the event loop. */
class LateClock extends HeldClock {
  private blockedMs = 0;

  override now(): number {
    return super.now() + this.blockedMs;
  }

  block(ms: number): void {
    this.blockedMs += ms;
  }
}

describe('a ticker', () => {
  it('gives each tick its number, its due time and a context of its own', async () => {
    const clock = new HeldClock('2026-03-01T00:00:00Z');
    const seen: [number, string, number][] = [];
    const { start, source } = ticking({ every: '1s' }, clock, ({ sequence, dueAt, skipped }) => {
      seen.push([sequence, dueAt.toISOString(), skipped]);
    });
    await start();
    await clock.advance('3s');
    expect(seen).toEqual([
      [0, '2026-03-01T00:00:01.000Z', 0],
      [1, '2026-03-01T00:00:02.000Z', 0],
      [2, '2026-03-01T00:00:03.000Z', 0],
    ]);
    expect(source.stats()).toMatchObject({ state: 'running', ticks: 3, done: 3, skipped: 0, failed: 0, driftMs: 0 });
  });

  it('ticks at once when it is immediate, and not before it is started', async () => {
    const clock = new HeldClock();
    const { start, events, source } = ticking({ every: '1s', immediate: true }, clock, () => {});
    await clock.advance('5s');
    expect([told(events), source.stats().state]).toEqual([[], 'idle']);
    await start();
    expect(told(events)).toEqual(['tick 0']);
    await clock.advance('1s');
    expect(told(events)).toEqual(['tick 0', 'tick 1']);
  });

  it('skips by default while the tick before is under way: counted, numbered and announced, never side by side', async () => {
    const clock = new HeldClock();
    const { tick, handled, inside } = lasting(350, clock);
    const { start, events, source } = ticking({ every: 100 }, clock, tick);
    await start();
    await clock.advance('1s');
    expect(handled).toEqual([0, 4, 8]);
    expect(inside.most).toBe(1);
    expect(told(events)).toEqual([
      'tick 0',
      'skipped 1 x1',
      'skipped 2 x1',
      'skipped 3 x1',
      'tick 4',
      'skipped 5 x1',
      'skipped 6 x1',
      'skipped 7 x1',
      'tick 8',
      'skipped 9 x1',
    ]);
    expect(source.stats()).toMatchObject({
      ticks: 3,
      skipped: 7,
      inFlight: 1,
      concurrency: 1,
      queued: 0,
      maxQueued: 0,
    });
  });

  it('tells a tick how many were skipped before it', async () => {
    const clock = new HeldClock();
    const skips: number[] = [];
    const { start } = ticking({ every: 100 }, clock, async ({ skipped, sequence }) => {
      skips.push(skipped);
      if (sequence === 0) await new Promise<void>((resolve) => clock.after(350, resolve));
    });
    await start();
    await clock.advance(600);
    expect(skips).toEqual([0, 3, 0]);
  });

  it('queues one behind the other, in order', async () => {
    const clock = new HeldClock();
    const { tick, handled, inside } = lasting(150, clock);
    const { start, source } = ticking({ every: 100, overlap: 'queue' }, clock, tick);
    await start();
    await clock.advance(600);
    expect(handled).toEqual([0, 1, 2, 3]);
    expect(inside.most).toBe(1);
    expect(source.stats()).toMatchObject({ ticks: 6, skipped: 0, inFlight: 1, queued: 2, maxQueued: 1_024 });
    source.stop();
    await clock.advance('1s');
    expect(handled).toEqual([0, 1, 2, 3, 4, 5]);
    expect(source.isEmpty).toBe(true);
  });

  it('queues 1,024 and skips what is beyond', async () => {
    const clock = new HeldClock();
    const { opened, open } = gate();
    const { start, source, runner } = ticking({ every: 1, overlap: 'queue' }, clock, () => opened);
    await start();
    await clock.advance(1_030);
    expect(source.stats()).toMatchObject({ ticks: 1_025, skipped: 5, inFlight: 1, queued: 1_024 });
    source.stop();
    open();
    await new Promise<void>((resolve) => (runner.onQuiet = () => source.isEmpty && resolve()));
    expect(source.stats()).toMatchObject({ state: 'stopped', done: 1_025, queued: 0 });
  });

  it('lets ticks run side by side up to the concurrency, and skips what is beyond', async () => {
    const clock = new HeldClock();
    const { tick, handled, inside } = lasting(350, clock);
    const { start, source } = ticking({ every: 100, overlap: 'allow', concurrency: 3 }, clock, tick);
    await start();
    await clock.advance(800);
    expect(handled).toEqual([0, 1, 2, 4, 5, 6]);
    expect(inside.most).toBe(3);
    expect(source.stats()).toMatchObject({ ticks: 6, skipped: 2, inFlight: 3, concurrency: 3 });
  });

  const late = [
    { overlap: 'skip', tells: ['skipped 0 x6', 'tick 6', 'tick 7'] },
    { overlap: 'queue', tells: ['tick 0', 'tick 1', 'tick 2', 'tick 3', 'tick 4', 'tick 5', 'tick 6', 'tick 7'] },
    { overlap: 'allow', tells: ['skipped 0 x3', 'tick 3', 'tick 4', 'tick 5', 'tick 6', 'tick 7'] },
  ] as const;
  it.each(late)('after a late event loop, $overlap tells $tells', async ({ overlap, tells }) => {
    const clock = new LateClock();
    const concurrency = overlap === 'allow' ? { concurrency: 4 } : {};
    const { start, events, source } = ticking({ every: 100, overlap, ...concurrency }, clock, () => {});
    await start();
    clock.block(620);
    await clock.advance(100);
    expect(told(events)).toEqual(tells.slice(0, -1));
    expect(source.stats().driftMs).toBe(20);
    await clock.advance(80);
    expect(told(events)).toEqual(tells);
    expect(source.stats().driftMs).toBe(0);
  });

  it('counts and announces a tick that throws, and goes on', async () => {
    const clock = new HeldClock();
    const { start, events, source } = ticking({ every: '1s' }, clock, ({ sequence }) => {
      if (sequence % 2 === 0) throw new Error(`no ${sequence}`);
    });
    await start();
    await clock.advance('5s');
    expect(source.stats()).toMatchObject({ ticks: 5, done: 2, failed: 3 });
    const errors = events.flatMap((event) => (event.name === 'workers.error' ? [event.error.message] : []));
    expect(errors).toEqual(['no 0', 'no 2', 'no 4']);
  });

  it('gives up a tick after its timeout, and then ticks again', async () => {
    const clock = new HeldClock();
    const aborted: boolean[] = [];
    const { start, source } = ticking({ every: '1s', timeout: '2500ms' }, clock, async ({ signal }) => {
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      aborted.push(signal.aborted);
    });
    await start();
    await clock.advance('4s');
    expect(aborted).toEqual([true]);
    expect(source.stats()).toMatchObject({ ticks: 2, skipped: 2, failed: 1, inFlight: 1 });
  });

  it('is never due again once it is stopped, and leaves behind what waited', async () => {
    const clock = new HeldClock();
    const { opened, open } = gate();
    const { start, source, runner } = ticking({ every: 100, overlap: 'queue', timeout: false }, clock, () => opened);
    await start();
    await clock.advance(300);
    source.stop();
    source.stop();
    source.start();
    await clock.advance('1m');
    runner.stopTaking();
    expect(source.takeRest().map(({ payload }) => payload.sequence)).toEqual([1, 2]);
    open();
    await clock.advance(0);
    expect(source.stats()).toMatchObject({ state: 'stopped', ticks: 3, done: 1, leftOver: 2, queued: 0, inFlight: 0 });
    expect(clock.pending).toBe(0);
  });

  it('never starts when it is not enabled, or was stopped before', async () => {
    const clock = new HeldClock();
    const disabled = ticking({ every: 100, enabled: false, immediate: true }, clock, () => expect.unreachable());
    await disabled.start();
    disabled.source.stop();
    const stopped = ticking({ every: 100, immediate: true }, clock, () => expect.unreachable());
    stopped.source.stop();
    await stopped.start();
    await clock.advance('1s');
    expect([disabled.source.stats().state, stopped.source.stats().state]).toEqual(['disabled', 'stopped']);
    expect([disabled.source.stats().ticks, stopped.source.stats().ticks, clock.pending]).toEqual([0, 0, 0]);
  });

  it('balances: every number is in ticks or in skipped, and every tick in one of its ends', async () => {
    const clock = new HeldClock();
    const { start, source } = ticking({ every: 10, overlap: 'queue' }, clock, async ({ sequence }) => {
      await new Promise<void>((resolve) => clock.after(sequence % 3 === 0 ? 25 : 1, resolve));
      if (sequence % 4 === 0) throw new Error('every fourth');
    });
    await start();
    await clock.advance('1s');
    const { ticks, skipped, done, failed, aborted, inFlight, queued, leftOver } = source.stats();
    expect(ticks + skipped).toBe(100);
    expect(done + failed + aborted + inFlight + queued + leftOver).toBe(ticks);
  });

  // And not much later, where the event loop is idle: test/promises has a witness for that.
  it('handles 100 ticks of 10 ms no sooner than in a second of real time', async () => {
    const startedAt = performance.now();
    const { opened, open } = gate();
    const { start, source } = ticking({ every: 10 }, new SystemClock(), ({ sequence }) => sequence >= 99 && open());
    await start();
    await opened;
    const tookMs = performance.now() - startedAt;
    source.stop();
    expect(tookMs).toBeGreaterThanOrEqual(1_000);
  });
});

import { expect, it } from 'vitest';
import { Ticker, type TickContext, type TickerStats } from '@nestjs-workers/core';
import { compile, gate } from '../support/application.js';

/** How often an idle second is looked for, on a machine that runs other things beside. */
const SECONDS = 10;
/** An event loop that is held for longer than this is not idle, as far as a tick of 10 ms is concerned. */
const IDLE_MS = 8;

/** Looks at the event loop every millisecond; stopped, it tells each time for which somebody held it. */
function witness(): () => number[] {
  const heldMs: number[] = [];
  let seenAt = performance.now();
  const look = (): void => {
    const now = performance.now();
    if (now - seenAt > IDLE_MS) heldMs.push(now - seenAt);
    seenAt = now;
  };
  const timer = setInterval(look, 1);
  return () => {
    look();
    clearInterval(timer);
    return heldMs;
  };
}

async function hundredTicks() {
  const { opened, open } = gate();
  const dueAt: number[] = [];
  @Ticker({ every: '10ms' })
  class Clockwork {
    tick({ sequence, dueAt: due }: TickContext): void {
      dueAt.push(due.getTime());
      if (sequence >= 99) open();
    }
  }
  const { moduleRef, gateway } = await compile({ providers: [Clockwork], autoStart: false });
  await moduleRef.init();
  const heldMs = witness();
  const startedAt = performance.now();
  await gateway.start();
  await opened;
  const tookMs = performance.now() - startedAt;
  const { ticks, skipped } = gateway.stats().tickers['Clockwork'] as TickerStats;
  const seen = { dueAt, tookMs, heldMs: heldMs(), ticks, skipped };
  await moduleRef.close();
  return seen;
}

// The promise is about an idle event loop. Where somebody holds the loop, it may cost the ticks that were due meanwhile and nothing else:
// every second has to show that, and the first idle one that nothing is lost at all.
it('the hundredth tick of 10 ms comes one second after the start, give or take 1 %', async () => {
  for (let second = 0; second < SECONDS; second++) {
    const { dueAt, tookMs, heldMs, ticks, skipped } = await hundredTicks();
    const onTheGrid = dueAt.map((due) => Math.round(due - (dueAt[0] as number)) % 10);
    expect(new Set(onTheGrid)).toEqual(new Set([0]));
    expect(ticks + skipped).toBeGreaterThanOrEqual(100);
    expect(skipped).toBeLessThanOrEqual(sum(heldMs.map((held) => Math.ceil(held / 10))));
    expect(tookMs).toBeGreaterThanOrEqual(1_000);
    expect(tookMs).toBeLessThan(1_010 + Math.max(0, ...heldMs));
    if (heldMs.length === 0) return expect(ticks).toBe(100);
  }
}, 60_000);

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

import { expect, it } from 'vitest';
import { Ticker, type TickContext } from '@nestjs-workers/core';
import { compile, gate } from '../support/application.js';

/** How often an idle second is looked for, on a machine that runs other things beside. */
const SECONDS = 25;
/** An event loop that is held for longer than this is not idle, as far as a tick of 10 ms is concerned. */
const IDLE_MS = 8;

/** Looks at the event loop every millisecond; stopped, it tells for how long it was held at most. */
function witness(): () => number {
  let [seenAt, longestMs] = [performance.now(), 0];
  const look = (): void => {
    const now = performance.now();
    longestMs = Math.max(longestMs, now - seenAt);
    seenAt = now;
  };
  const timer = setInterval(look, 1);
  return () => {
    look();
    clearInterval(timer);
    return longestMs;
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
  const seen = { dueAt, tookMs, heldMs: heldMs(), figures: gateway.stats().tickers['Clockwork'] };
  await moduleRef.close();
  return seen;
}

// The promise is about an idle event loop: the first second in which nobody held it must show it.
it('the hundredth tick of 10 ms comes one second after the start, give or take 1 %', async () => {
  for (let second = 0; second < SECONDS; second++) {
    const { dueAt, tookMs, heldMs, figures } = await hundredTicks();
    if (heldMs > IDLE_MS) continue;
    expect(figures).toMatchObject({ ticks: 100, skipped: 0 });
    expect(Math.round((dueAt[99] as number) - (dueAt[0] as number))).toBe(990);
    expect(tookMs).toBeGreaterThanOrEqual(1_000);
    expect(tookMs).toBeLessThan(1_010);
    return;
  }
  throw new Error(`In ${SECONDS} seconds there was none in which nobody held the event loop for ${IDLE_MS} ms.`);
}, 60_000);

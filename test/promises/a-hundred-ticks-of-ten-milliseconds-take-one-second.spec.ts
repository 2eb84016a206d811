import { expect, it } from 'vitest';
import { Ticker, type TickContext } from '@nestjs-workers/core';
import { compile, gate } from '../support/application.js';

// The promise is about an idle event loop, which a machine that runs other tests beside does not always have: one run in five must
// show it. Drift, if there were any, would be in every run.
it('the hundredth tick of 10 ms comes one second after the start, give or take 1 %', { retry: 4 }, async () => {
  const { opened, open } = gate();
  const dueAt: number[] = [];
  @Ticker({ every: '10ms' })
  class Clockwork {
    tick({ sequence, dueAt: due }: TickContext): void {
      dueAt.push(due.getTime());
      if (sequence === 99) open();
    }
  }
  const { moduleRef, gateway } = await compile({ providers: [Clockwork], autoStart: false });
  await moduleRef.init();
  const startedAt = performance.now();
  await gateway.start();
  await opened;
  const tookMs = performance.now() - startedAt;
  expect(gateway.stats().tickers['Clockwork']).toMatchObject({ ticks: 100, skipped: 0 });
  expect(Math.round((dueAt[99] as number) - (dueAt[0] as number))).toBe(990);
  expect(tookMs).toBeGreaterThanOrEqual(1_000);
  expect(tookMs).toBeLessThan(1_010);
});

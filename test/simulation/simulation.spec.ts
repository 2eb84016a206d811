import { expect, it } from 'vitest';
import { simulate } from './simulation.js';

/** A short dose, for as long as this lasts; the long one is `node scripts/simulate.mjs --seeds 20000`. */
const DOSE_MS = 15_000;
/** Seeds that broke a law once. */
const SCARS = [9, 11, 18, 36, 68, 97, 118, 473, 607, 1_661, 10_129, 40_891, 41_050, 41_340, 508_370, 514_421, 907_440];

it('no law is broken, whatever goes wrong, and everything drains when nothing goes wrong any more', async () => {
  const until = performance.now() + DOSE_MS;
  for (let seed = 1; performance.now() < until; seed++) {
    const { broken } = await simulate(SCARS[seed - 1] ?? seed);
    expect(broken, `node scripts/simulate.mjs --seed ${SCARS[seed - 1] ?? seed}`).toBeUndefined();
  }
});

it('a seed is the same story every time', async () => {
  const [first, second] = [await simulate(18, true), await simulate(18, true)];
  expect(first.story.length).toBeGreaterThan(100);
  expect(second).toEqual(first);
});

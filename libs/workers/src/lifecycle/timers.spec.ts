import { expect, it } from 'vitest';
import { HeldClock } from '../testing/held.clock.js';
import { Timers } from './timers.js';

it('waits end together, or one by one', async () => {
  const clock = new HeldClock();
  const timers = new Timers(clock);
  const due: string[] = [];
  timers.after(10, () => due.push('first'));
  const takeBack = timers.after(20, () => due.push('taken back'));
  timers.after(30, () => due.push('third'));
  takeBack();
  await clock.advance(30);
  takeBack();
  timers.after(10, () => due.push('cancelled'));
  timers.cancel();
  await clock.advance(10);
  expect(due).toEqual(['first', 'third']);
});

import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { HeldClock } from '../testing/held.clock.js';
import { until } from '../testing/until.js';
import { Alarm } from './alarm.js';
import { SystemClock, type Timer } from './clock.js';

/** A clock that counts what is asked of its timers. */
class CountingClock extends HeldClock {
  readonly asked: string[] = [];

  override after(delayMs: number, due: () => void): Timer {
    this.asked.push(`in ${delayMs} ms`);
    const timer = super.after(delayMs, due);
    return {
      hold: (isHolding) => this.asked.push(isHolding ? 'hold' : 'let go'),
      cancel: () => {
        this.asked.push('cancel');
        timer.cancel();
      },
    };
  }
}

function ringing(answers: (number | undefined)[] = []) {
  const clock = new CountingClock();
  const rang: number[] = [];
  const alarm = new Alarm(clock, () => {
    rang.push(clock.now());
    return answers.shift();
  });
  return { clock, alarm, rang };
}

describe('an alarm', () => {
  it('rings for the first who wants it, and again when it is told to', async () => {
    const { clock, alarm, rang } = ringing([30]);
    alarm.want(100);
    await clock.advance(50);
    alarm.want(100);
    await clock.advance(500);
    expect(rang).toEqual([100, 130]);
    expect(clock.asked).toEqual(['in 100 ms', 'in 30 ms']);
  });

  it('is set again by the next who wants it once it has rung', async () => {
    const { clock, alarm, rang } = ringing();
    alarm.want(10);
    await clock.advance(20);
    alarm.want(10);
    await clock.advance(20);
    expect(rang).toEqual([10, 30]);
  });

  it('touches its timer once in a turn of the event loop, however often it is wanted and not', async () => {
    const { clock, alarm } = ringing();
    for (let i = 0; i < 100; i++) {
      alarm.want(100);
      alarm.rest();
    }
    await turn();
    expect(clock.asked).toEqual(['in 100 ms', 'let go']);
    alarm.want(100);
    alarm.rest();
    alarm.want(100);
    await turn();
    expect(clock.asked.slice(2)).toEqual(['hold']);
  });

  it('rings a whole number of milliseconds late rather than early', () => {
    const { clock, alarm } = ringing();
    alarm.want(0.2);
    expect(clock.asked).toEqual(['in 1 ms']);
  });

  it("rings in nobody's asynchronous context, whoever wanted it", async () => {
    const callers = new AsyncLocalStorage<string>();
    const found: (string | undefined)[] = [];
    const alarm = new Alarm(new SystemClock(), () => {
      found.push(callers.getStore());
      return undefined;
    });
    callers.run('the first caller', () => alarm.want(1));
    await until(() => found.length === 1);
    expect(found).toEqual([undefined]);
  });

  it('keeps no timer once it is closed, but for somebody who waits', async () => {
    const { clock, alarm, rang } = ringing();
    alarm.want(100);
    alarm.close();
    expect(clock.asked).toEqual(['in 100 ms']);
    alarm.rest();
    alarm.close();
    expect(clock.asked).toEqual(['in 100 ms', 'cancel']);
    await turn();
    alarm.want(50);
    await clock.advance(100);
    expect(rang).toEqual([50]);
  });
});

import * as fc from 'fast-check';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { HeldClock } from '../testing/held.clock.js';
import { type Clock, SystemClock, type Timer } from './clock.js';
import { type Deadline, type DeadlineLine, Deadlines } from './deadlines.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

class Noted implements Deadline {
  line: DeadlineLine | undefined = undefined;
  dueAt = 0;

  constructor(private readonly onExpire: () => void) {}

  clear(): void {
    this.line?.remove(this);
  }

  expire(): void {
    this.onExpire();
  }
}

/** A clock whose only timer knows whether it keeps the process alive. */
class WatchedClock extends HeldClock {
  holding = 0;

  override after(delayMs: number, due: () => void): Timer {
    let isHolding = true;
    this.holding++;
    const hold = (holds: boolean): void => {
      if (holds !== isHolding) this.holding += holds ? 1 : -1;
      isHolding = holds;
    };
    const timer = super.after(delayMs, () => {
      hold(false);
      due();
    });
    return { cancel: () => timer.cancel(), hold };
  }
}

/** A clock that knows how many of its timers are set. */
class CountingClock extends HeldClock {
  set = 0;

  override after(delayMs: number, due: () => void): Timer {
    this.set++;
    let end = (): void => {
      this.set--;
      end = () => {};
    };
    const timer = super.after(delayMs, () => {
      end();
      due();
    });
    const cancel = (): void => {
      end();
      timer.cancel();
    };
    return { cancel, hold: (isHolding) => timer.hold(isHolding) };
  }
}

describe('deadlines of one length', () => {
  it('expire in the order in which they were set, each at its time', async () => {
    const clock = new HeldClock();
    const line = new Deadlines(clock).line(100);
    const expired: string[] = [];
    for (const name of ['a', 'b', 'c']) {
      line.set(new Noted(() => expired.push(`${name} at ${clock.now()}`)), clock.now());
      await clock.advance(10);
    }
    await clock.advance(69);
    expect(expired).toEqual([]);
    await clock.advance(31);
    expect(expired).toEqual(['a at 100', 'b at 110', 'c at 120']);
  });

  it('and of a thousand others need few timers when they are cleared, and the line that somebody keeps goes on', async () => {
    const clock = new CountingClock();
    const deadlines = new Deadlines(clock);
    const expired: string[] = [];
    const kept = deadlines.keep(100);
    for (let n = 0; n < 1_000; n++) {
      const deadline = new Noted(() => {});
      deadlines.line(1_000 + n).set(deadline, clock.now());
      deadline.clear();
    }
    expect(clock.set).toBeLessThan(32);
    kept.set(new Noted(() => expired.push(`at ${clock.now()}`)), clock.now());
    await clock.advance(100);
    expect([expired, deadlines.line(100) === kept]).toEqual([['at 100'], true]);
  });

  it('have one line, also where it is gone and another one stands in its place before it has told all of its end', async () => {
    const clock = new HeldClock();
    const deadlines = new Deadlines(clock);
    for (let n = 0; n < 20; n++) deadlines.line(1_000 + n).set(new Noted(() => {}), clock.now());
    const expired: string[] = [];
    const set = (name: string, then = (): void => {}): Noted => {
      const noted = new Noted(() => {
        expired.push(`${name} at ${clock.now()}`);
        then();
      });
      deadlines.line(50).set(noted, clock.now());
      return noted;
    };
    let inPlace: DeadlineLine | undefined;
    set('first', () => {
      other.clear();
      set('again');
      inPlace = deadlines.line(50);
    });
    const other = set('other');
    await clock.advance(60);
    expect(deadlines.line(50)).toBe(inPlace);
    await clock.advance(500);
    expect(expired).toEqual(['first at 50', 'again at 100']);
  });

  it('that were cleared are let go, also while the oldest waits on', async () => {
    const clock = new HeldClock();
    const line = new Deadlines(clock).line(100);
    let expired = false;
    line.set(new Noted(() => (expired = true)), clock.now());
    const cleared = Array.from({ length: 1_000 }, () => {
      const deadline = new Noted(() => {});
      line.set(deadline, clock.now());
      deadline.clear();
      return new WeakRef(deadline);
    });
    await turn();
    collect();
    expect(cleared.filter((deadline) => deadline.deref() !== undefined).length).toBeLessThan(32);
    await clock.advance(100);
    expect(expired).toBe(true);
  });

  it('need one timer, however many there are and however often they are cleared', async () => {
    const clock = new HeldClock();
    const line = new Deadlines(clock).line(100);
    for (let i = 0; i < 1_000; i++) {
      const deadline = new Noted(() => expect.unreachable());
      line.set(deadline, clock.now());
      deadline.clear();
    }
    const expired: number[] = [];
    for (let i = 0; i < 10; i++) line.set(new Noted(() => expired.push(i)), clock.now());
    expect(clock.pending).toBe(1);
    await clock.advance(100);
    expect([expired.length, clock.pending]).toEqual([10, 0]);
  });

  it('never expire once they are cleared, and may be cleared twice', async () => {
    const clock = new HeldClock();
    const line = new Deadlines(clock).line(10);
    const [first, second, third] = [1, 2, 3].map(() => new Noted(() => expect.unreachable())) as [Noted, Noted, Noted];
    for (const deadline of [first, second, third]) line.set(deadline, 0);
    for (const deadline of [second, first, third, third]) deadline.clear();
    await clock.advance(20);
    expect(clock.pending).toBe(0);
  });

  it('may be set again, also from an expiry', async () => {
    const clock = new HeldClock();
    const line = new Deadlines(clock).line(10);
    const expired: number[] = [];
    const again: Deadline = new Noted(() => {
      expired.push(clock.now());
      if (expired.length < 3) line.set(again, clock.now());
    });
    line.set(again, 0);
    await clock.advance(100);
    expect(expired).toEqual([10, 20, 30]);
  });

  it('may be cleared by the expiry of another', async () => {
    const clock = new HeldClock();
    const line = new Deadlines(clock).line(10);
    const cleared = new Noted(() => expect.unreachable());
    line.set(new Noted(() => cleared.clear()), 0);
    line.set(cleared, 0);
    await clock.advance(20);
  });

  it('keep the process alive while there is one, and not longer', async () => {
    const clock = new WatchedClock();
    const line = new Deadlines(clock).line(50);
    const [first, second] = [new Noted(() => {}), new Noted(() => {})];
    line.set(first, 0);
    expect(clock.holding).toBe(1);
    first.clear();
    await turn();
    expect(clock.holding).toBe(0);
    line.set(second, 0);
    expect(clock.holding).toBe(1);
    await clock.advance(50);
    expect(clock.holding).toBe(0);
  });

  it('that were set while the timer waits for an older one are not early', async () => {
    const clock = new HeldClock();
    const line = new Deadlines(clock).line(100);
    const expired: number[] = [];
    const first = new Noted(() => expect.unreachable());
    line.set(first, 0);
    await clock.advance(90);
    first.clear();
    line.set(new Noted(() => expired.push(clock.now())), clock.now());
    await clock.advance(300);
    expect(expired).toEqual([190]);
  });
});

describe('deadlines of many lengths', () => {
  it('share a line with those of their own length only', () => {
    const deadlines = new Deadlines(new HeldClock());
    expect(deadlines.line(10)).toBe(deadlines.line(10));
    expect(deadlines.line(10)).not.toBe(deadlines.line(20));
  });

  it('expire when they are due and only if they were not cleared, whatever the program', async () => {
    const step = fc.record({
      waitMs: fc.nat(30),
      durationMs: fc.constantFrom(1, 5, 5, 20, 50),
      clear: fc.option(fc.nat(20), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const clock = new HeldClock();
        const deadlines = new Deadlines(clock);
        const expired: string[] = [];
        const due: { name: string; at: number; isCleared: boolean; deadline: Noted }[] = [];
        for (const [index, { waitMs, durationMs, clear }] of steps.entries()) {
          const name = String(index);
          const deadline = new Noted(() => expired.push(`${name} at ${clock.now()}`));
          due.push({ name, at: clock.now() + durationMs, isCleared: false, deadline });
          deadlines.line(durationMs).set(deadline, clock.now());
          const cleared = clear === undefined ? undefined : due[clear];
          if (cleared !== undefined && cleared.at > clock.now()) {
            cleared.isCleared = true;
            cleared.deadline.clear();
          }
          await clock.advance(waitMs);
        }
        await clock.advance(100);
        const expected = due.filter(({ isCleared }) => !isCleared).map(({ name, at }) => `${name} at ${at}`);
        expect(expired.toSorted()).toEqual(expected.toSorted());
        expect(clock.pending).toBe(0);
      }),
      { numRuns: 100 },
    );
  });
});

describe("deadlines on the machine's own time", () => {
  it('are never early', async () => {
    const clock: Clock = new SystemClock();
    const line = new Deadlines(clock).line(20);
    const lateBy: number[] = [];
    await new Promise<void>((resolve) => {
      for (let i = 0; i < 5; i++) {
        const setAt = clock.now();
        const noted = new Noted(() => {
          lateBy.push(clock.now() - setAt - 20);
          if (lateBy.length === 5) resolve();
        });
        line.set(noted, setAt);
      }
    });
    expect(Math.min(...lateBy)).toBeGreaterThanOrEqual(0);
  });
});

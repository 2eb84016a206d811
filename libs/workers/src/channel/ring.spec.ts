import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ring } from './ring.js';

/** What a ring can be asked, by a model that is an array. */
type Step =
  | { do: 'push'; count: number }
  | { do: 'shift'; count: number }
  | { do: 'remove'; at: number }
  | { do: 'drop'; count: number }
  | { do: 'look' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('push' as const), count: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('shift' as const), count: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), at: fc.nat(60) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drop' as const), count: fc.integer({ min: 0, max: 40 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('look' as const) }) },
);

describe('a ring', () => {
  it('is an array that is filled on the right and emptied on the left, whatever is done to it', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const ring = new Ring<number>();
        const model: number[] = [];
        let last = 0;
        for (const asked of steps) {
          if (asked.do === 'push') {
            for (let i = 0; i < asked.count; i++) {
              ring.push(++last);
              model.push(last);
            }
          } else if (asked.do === 'shift') {
            for (let i = 0; i < asked.count; i++) expect(ring.shift()).toBe(model.shift());
          } else if (asked.do === 'remove') {
            const wanted = model[asked.at] ?? -1;
            expect(ring.remove((item) => item === wanted)).toBe(model[asked.at]);
            if (asked.at < model.length) model.splice(asked.at, 1);
          } else if (asked.do === 'drop') {
            let left = asked.count;
            ring.dropWhile(() => left-- > 0);
            model.splice(0, asked.count);
          } else expect([...ring]).toEqual(model);
          expect([ring.size, ring.peek()]).toEqual([model.length, model[0]]);
        }
        expect([...ring]).toEqual(model);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps its order over many chunks, filled and emptied by turns', () => {
    const ring = new Ring<number>();
    const taken: number[] = [];
    for (let pushed = 0; pushed < 30_000;) {
      for (let i = 0; i < 7_000; i++) ring.push(pushed++);
      for (let i = 0; i < 3_001; i++) taken.push(ring.shift() as number);
    }
    while (ring.size > 0) taken.push(ring.shift() as number);
    expect(taken).toEqual(Array.from({ length: taken.length }, (_, index) => index));
  });

  // An old chunk that is done with would keep all later ones alive until a full collection.
  it('cuts a chunk that is done with off from the next one', () => {
    const ring = new Ring<number>();
    ring.push(0);
    const first = ring['first'];
    for (let pushed = 1; pushed < 100; pushed++) ring.push(pushed);
    expect(first.next).toBeDefined();
    for (let taken = 0; taken < 50; taken++) ring.shift();
    expect(ring['first']).not.toBe(first);
    expect(first.next).toBeUndefined();
  });

  it('gives nothing when it is empty', () => {
    const ring = new Ring<number>();
    expect([ring.shift(), ring.peek(), ring.remove(() => true), [...ring], ring.size]).toEqual([
      undefined,
      undefined,
      undefined,
      [],
      0,
    ]);
  });

  it('takes out only the first item that is wanted', () => {
    const ring = new Ring<string>();
    for (const item of ['a', 'b', 'c', 'b']) ring.push(item);
    expect(ring.remove((item) => item === 'b')).toBe('b');
    expect([...ring]).toEqual(['a', 'c', 'b']);
    expect(ring.remove((item) => item === 'z')).toBeUndefined();
    expect([...ring]).toEqual(['a', 'c', 'b']);
  });
});

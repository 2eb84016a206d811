import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Message } from '../message/message.js';
import { FifoBuffer } from './buffer.js';

/** What a buffer can be asked, by a model that is an array. */
type Step = { do: 'push' | 'post' | 'shift' | 'slide' } | { do: 'look'; count: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom('push' as const, 'post' as const, 'post' as const) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('shift' as const, 'shift' as const, 'slide' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('look' as const), count: fc.nat(6) }) },
);

describe('a buffer that is first in, first out', () => {
  it('gives what was put in the order in which it was put, and the same messages that it showed', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const buffer = new FifoBuffer<unknown>();
        const model: { payload: unknown; putAt: number; id: string | undefined }[] = [];
        let last = 0;
        for (const asked of steps) {
          if (asked.do === 'push' || asked.do === 'post') {
            // Also numbers, as a time is one.
            const one = { payload: last % 3 === 0 ? last : `p${last}`, putAt: last++ / 2, id: undefined };
            if (asked.do === 'post') buffer.pushPayload(one.payload, one.putAt);
            else buffer.push(new Message(one.payload, one.putAt));
            model.push(one);
          } else if (asked.do === 'look') {
            let at = 0;
            for (const { id, payload, putAt } of buffer) {
              if (at === asked.count) break;
              const one = model[at++];
              expect([payload, putAt, id]).toEqual([one?.payload, one?.putAt, one?.id ?? id]);
              if (one !== undefined) one.id = id;
            }
            expect(at).toBe(Math.min(asked.count, model.length));
          } else {
            const [taken, one] = [buffer[asked.do](), model.shift()];
            expect([taken?.payload, taken?.putAt, taken?.id]).toEqual([one?.payload, one?.putAt, one?.id ?? taken?.id]);
          }
          expect([buffer.size, buffer.oldestPutAt()]).toEqual([model.length, model[0]?.putAt]);
        }
        expect([...buffer].map(({ payload }) => payload)).toEqual(model.map(({ payload }) => payload));
      }),
      { numRuns: 500 },
    );
  });
});

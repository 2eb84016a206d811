import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Message } from '../message/message.js';
import { Crew, drained, message, open } from './fixtures/opened.js';
import { KeyedBuffer } from './keyed.buffer.js';

/** A payload that says its key and its number: `a1`. */
const keyOf = ({ payload }: Message<string>): string => payload.charAt(0);

function filled(...payloads: string[]): KeyedBuffer<string> {
  const buffer = new KeyedBuffer<string>(keyOf, () => {});
  for (const [putAt, payload] of payloads.entries()) buffer.push(message(payload, undefined, putAt));
  return buffer;
}

describe('a keyed buffer', () => {
  it('gives one message of a key at a time, and lets other keys overtake', () => {
    const buffer = filled('a1', 'a2', 'b1', 'a3', 'b2');
    const a1 = buffer.shift() as Message<string>;
    const b1 = buffer.shift() as Message<string>;
    expect([a1.payload, b1.payload, buffer.shift()]).toEqual(['a1', 'b1', undefined]);
    expect(buffer.size).toBe(3);
    buffer.release(b1);
    expect([buffer.shift()?.payload, buffer.shift()]).toEqual(['b2', undefined]);
    buffer.release(a1);
    expect(buffer.shift()?.payload).toBe('a2');
  });

  it('knows what it holds in the order in which it was put, set aside or not', () => {
    const buffer = filled('a1', 'b1', 'a2', 'b2', 'c1', 'a3');
    const [a1] = [buffer.shift(), buffer.shift()];
    buffer.shift();
    expect([...buffer].map(({ payload }) => payload)).toEqual(['a2', 'b2', 'a3']);
    buffer.release(a1 as Message<string>);
    buffer.push(message('d1'));
    expect([...buffer].map(({ payload }) => payload)).toEqual(['a2', 'b2', 'a3', 'd1']);
    expect(buffer.oldestPutAt()).toBe(2);
  });

  it('slides the oldest of all, wherever it lies, and its key goes on', () => {
    const buffer = filled('a1', 'a2', 'a3', 'b1');
    const a1 = buffer.shift() as Message<string>;
    buffer.shift();
    expect(buffer.slide()?.payload).toBe('a2');
    buffer.release(a1);
    expect(buffer.slide()?.payload).toBe('a3');
    expect([buffer.size, buffer.slide()]).toEqual([0, undefined]);
    buffer.push(message('a4'));
    expect(buffer.shift()?.payload).toBe('a4');
  });

  it('slides by the order of the puts, not by the clock: a burst has one time', () => {
    const buffer = filled('a1', 'a2', 'b1', 'b2');
    const a1 = buffer.shift() as Message<string>;
    const b1 = buffer.shift() as Message<string>;
    buffer.shift();
    buffer.release(b1);
    buffer.release(a1);
    buffer.push(message('c1'));
    expect([buffer.slide(), buffer.slide(), buffer.slide()].map((slid) => slid?.payload)).toEqual(['a2', 'b2', 'c1']);
  });

  it('reads a key once, so that a handler may change its payload', () => {
    const buffer = new KeyedBuffer<{ key: string }>(
      ({ payload }) => payload.key,
      () => {},
    );
    const [first, second] = [message({ key: 'a' }), message({ key: 'a' })];
    buffer.push(first);
    buffer.push(second);
    buffer.shift();
    expect(buffer.shift()).toBeUndefined();
    first.payload.key = 'changed';
    buffer.release(first);
    expect(buffer.shift()).toBe(second);
  });

  it('takes any value for a key, also undefined, NaN and objects', () => {
    const ref = {};
    const buffer = new KeyedBuffer<unknown>(
      ({ payload }) => payload,
      () => {},
    );
    for (const key of [undefined, undefined, Number.NaN, Number.NaN, ref, {}]) buffer.push(message(key));
    const taken = [buffer.shift(), buffer.shift(), buffer.shift(), buffer.shift(), buffer.shift()];
    expect(taken.map((one) => one?.payload)).toEqual([undefined, Number.NaN, ref, {}, undefined]);
    expect([taken[4], buffer.size]).toEqual([undefined, 2]);
  });

  it('reports a key function that throws, once per message, and orders its message after nobody', () => {
    const reported: unknown[] = [];
    const buffer = new KeyedBuffer<number>(
      () => {
        throw new Error('no key');
      },
      (error) => reported.push(error),
    );
    const [first, second] = [message(1), message(2)];
    buffer.push(first);
    buffer.push(second);
    expect([buffer.shift(), buffer.shift()]).toEqual([first, second]);
    buffer.release(first);
    expect(reported).toHaveLength(2);
  });

  it('keeps order per key, one at a time, and lets no key wait for another, whatever is done to it', () => {
    type Step = { do: 'push'; key: string } | { do: 'shift' } | { do: 'release'; at: number } | { do: 'slide' };
    const step: fc.Arbitrary<Step> = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({ do: fc.constant('push' as const), key: fc.constantFrom('a', 'a', 'a', 'b', 'c', 'd') }),
      },
      { weight: 4, arbitrary: fc.constant({ do: 'shift' as const }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('release' as const), at: fc.nat(5) }) },
      { weight: 1, arbitrary: fc.constant({ do: 'slide' as const }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const buffer = filled();
        const waiting: Message<string>[] = [];
        const out: Message<string>[] = [];
        let number = 0;
        for (const asked of steps) {
          if (asked.do === 'push') {
            waiting.push(message(`${asked.key}${++number}`, undefined, number));
            buffer.push(waiting.at(-1) as Message<string>);
          } else if (asked.do === 'slide') expect(buffer.slide()).toBe(waiting.shift());
          else if (asked.do === 'release') {
            const [finished] = out.splice(asked.at, 1);
            if (finished !== undefined) buffer.release(finished);
          } else {
            const busy = new Set(out.map(keyOf));
            const heads = waiting.filter(
              (one, at) => !busy.has(keyOf(one)) && at === waiting.findIndex((other) => keyOf(other) === keyOf(one)),
            );
            const taken = buffer.shift();
            if (taken === undefined) expect(heads).toEqual([]);
            else {
              expect(heads).toContain(taken);
              waiting.splice(waiting.indexOf(taken), 1);
              out.push(taken);
            }
          }
          expect([buffer.size, buffer.oldestPutAt()]).toEqual([waiting.length, waiting[0]?.putAt]);
        }
        expect([...buffer]).toEqual(waiting);
      }),
      { numRuns: 400 },
    );
  });
});

describe('a channel ordered by key', () => {
  it('holds a message back while its key is worked on, and gives the others to whoever is free', () => {
    const { channel } = open<string>({ buffer: 9 });
    const crew = Crew.at(channel, 2, keyOf);
    for (const payload of ['a1', 'a2', 'b1', 'a3', 'c1']) void channel.put(message(payload));
    expect(crew.started).toEqual(['a1', 'b1']);
    crew.finish(1);
    expect(crew.started).toEqual(['a1', 'b1', 'c1']);
    crew.finish(0);
    crew.finish(0);
    crew.finish(0);
    expect([crew.started, channel.isEmpty]).toEqual([['a1', 'b1', 'c1', 'a2', 'a3'], true]);
  });

  it('lets another key pass puts that wait for room', () => {
    const { channel } = open<string>({ buffer: 1 });
    const crew = Crew.at(channel, 2, keyOf);
    for (const payload of ['a1', 'a2', 'a3', 'a4']) void channel.put(message(payload));
    void channel.put(message('b1'));
    expect(crew.started).toEqual(['a1', 'b1']);
    void channel.put(message('b2'));
    void channel.put(message('c1'), 'drop');
    expect(crew.started).toEqual(['a1', 'b1']);
    crew.finish(1);
    expect(crew.started).toEqual(['a1', 'b1', 'b2']);
    for (let left = 5; left > 0; left--) crew.finish();
    expect(crew.started).toEqual(['a1', 'b1', 'b2', 'a2', 'a3', 'a4']);
  });

  it('never lets a new message overtake one of its key that waits for room', () => {
    const { channel } = open<string>({ buffer: 0 });
    channel.bindWorker('Crew', keyOf);
    const given: Message<string>[] = [];
    channel.attach({ isHungry: true, give: (one) => given.push(one) });
    void channel.put(message('a1'));
    void channel.put(message('a2'));
    channel.release(given[0] as Message<string>);
    void channel.put(message('a3'));
    expect(given.map(({ payload }) => payload)).toEqual(['a1', 'a2']);
  });

  it('does not hold a key for a subscriber or a loop, which never say that they are done', async () => {
    const { channel } = open<string>({ buffer: 4 });
    channel.bindWorker('Crew', keyOf);
    const seen: string[] = [];
    const subscription = channel.subscribe((value) => seen.push(value));
    channel.next('a1');
    channel.next('a2');
    subscription.unsubscribe();
    channel.next('a3');
    channel.next('a4');
    const iterator = channel[Symbol.asyncIterator]();
    expect([(await iterator.next()).value, (await iterator.next()).value]).toEqual(['a3', 'a4']);
    expect(seen).toEqual(['a1', 'a2']);
    channel.next('a5');
    expect(drained(channel)).toEqual(['a5']);
  });

  it('takes over what lay there before its worker came', () => {
    const { channel } = open<string>({ buffer: 3 });
    for (const payload of ['a1', 'a2', 'b1']) channel.next(payload);
    expect(Crew.at(channel, 3, keyOf).started).toEqual(['a1', 'b1']);
  });

  it('leaves over, in order, what was set aside', () => {
    const { channel } = open<string>({ buffer: 4, maxPendingPuts: 1 });
    Crew.at(channel, 2, keyOf);
    for (const payload of ['a1', 'a2', 'b1', 'b2', 'a3', 'a4', 'b3']) void channel.put(message(payload));
    channel.complete();
    expect(channel.takeRest().map(({ payload }) => payload)).toEqual(['a2', 'b2', 'a3', 'a4', 'b3']);
    expect(channel.stats()).toMatchObject({ accepted: 7, taken: 2, leftOver: 5 });
  });
});

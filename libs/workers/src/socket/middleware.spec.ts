import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gate } from '../testing/fixtures/promises.js';
import { turn, until } from '../testing/until.js';
import { type Direction, type Middleware, Passage } from './middleware.js';
import type { MiddlewareError } from './socket.errors.js';

/** A passage and what came out of it. */
function passage(direction: Direction, given: Middleware | Middleware[]) {
  const out: unknown[] = [];
  const errors: MiddlewareError[] = [];
  const passage = new Passage<number>(direction, given, {
    passed: (message, ticket) => void out.push([ticket, message]),
    failed: (error, ticket) => {
      errors.push(error);
      out.push([ticket, 'failed']);
    },
  });
  return { passage, out, errors };
}

const wrap =
  (name: string): Middleware =>
  ({ message }) =>
    `${name}(${String(message)})`;

describe('a message on its way', () => {
  it('goes through at once, as it is, where there is no middleware', () => {
    const { passage: empty, out } = passage('send', []);
    const message = ['call', 1];
    empty.enter(message, 7);
    expect(out).toEqual([[7, message]]);
    expect((out[0] as unknown[])[1]).toBe(message);
  });

  it('goes through the list as given when it is sent, and backwards when it is received', () => {
    const list = ['pack', 'sign'].map(wrap);
    const [send, receive] = [passage('send', list), passage('receive', list)];
    send.passage.enter('m', 0);
    receive.passage.enter('m', 0);
    expect([send.out, receive.out]).toEqual([[[0, 'sign(pack(m))']], [[0, 'pack(sign(m))']]]);
    expect(list).toHaveLength(2);
  });

  it('comes out at the other side as it went in, when both sides have one list', () => {
    const layer =
      (name: string): Middleware =>
      ({ direction, message }) =>
        direction === 'send' ? { [name]: message } : (message as Record<string, unknown>)[name];
    const list = ['packed', 'signed', 'sealed'].map(layer);
    const receive = passage('receive', list);
    new Passage<number>('send', list, {
      passed: (message, ticket) => receive.passage.enter(message, ticket),
      failed: () => {},
    }).enter({ a: 1 }, 3);
    expect(receive.out).toEqual([[3, { a: 1 }]]);
  });

  it('goes on as it is when a middleware returns nothing, and as null when it returns that', () => {
    const { passage: lookers, out } = passage('send', [() => undefined, async () => {}]);
    const { passage: nuller, out: nulled } = passage('send', () => null);
    lookers.enter('m', 0);
    nuller.enter('m', 0);
    expect(nulled).toEqual([[0, null]]);
    return until(() => out.length > 0).then(() => expect(out).toEqual([[0, 'm']]));
  });

  it('is shown with its direction to a single function too', () => {
    const seen: unknown[] = [];
    for (const direction of ['send', 'receive'] as const) {
      passage(direction, (context) => void seen.push(context)).passage.enter('m', 0);
    }
    expect(seen).toEqual([
      { direction: 'send', message: 'm' },
      { direction: 'receive', message: 'm' },
    ]);
  });

  it('is out before `enter` returns while no middleware returns a promise', () => {
    const { passage: prompt, out } = passage('send', [wrap('a'), wrap('b')]);
    for (const ticket of [0, 1, 2]) {
      prompt.enter('m', ticket);
      expect(out).toHaveLength(ticket + 1);
    }
  });

  it('waits behind a slow one, as do all after it, and what comes then is prompt again', async () => {
    const { opened, open } = gate();
    const { passage: slow, out } = passage('send', ({ message }) => (message === 'slow' ? opened : undefined));
    for (const [ticket, message] of ['first', 'slow', 'third', 'fourth'].entries()) slow.enter(message, ticket);
    await turn();
    expect([out, slow.waiting]).toEqual([[[0, 'first']], 2]);
    open();
    await until(() => out.length === 4);
    expect(out).toEqual(['first', 'slow', 'third', 'fourth'].map((message, ticket) => [ticket, message]));
    slow.enter('fifth', 4);
    expect([out.length, slow.waiting]).toEqual([5, 0]);
  });

  it('fails alone when its middleware throws, now or later, with what that threw', async () => {
    const thrown = new RangeError('mine');
    const {
      passage: faulty,
      out,
      errors,
    } = passage('receive', [
      wrap('never'),
      ({ message }) => {
        if (message === 'now') throw thrown;
        if (message === 'later') return Promise.reject(thrown);
        return 'good';
      },
    ]);
    for (const [ticket, message] of ['a', 'now', 'later', 'now', 'b'].entries()) faulty.enter(message, ticket);
    await until(() => out.length === 5);
    expect(out).toEqual([
      [0, 'never(good)'],
      [1, 'failed'],
      [2, 'failed'],
      [3, 'failed'],
      [4, 'never(good)'],
    ]);
    for (const error of errors) {
      expect(error).toMatchObject({ code: 'MIDDLEWARE_FAILED', direction: 'receive', cause: thrown });
    }
  });

  it('keeps its place whoever is slow or throws', async () => {
    const kinds = fc.array(fc.constantFrom('prompt', 'slow', 'throws', 'rejects'), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(kinds, kinds, async (before, during) => {
        const { passage: mixed, out } = passage('send', ({ message }) => {
          if (message === 'slow') return turn();
          if (message === 'throws') throw new Error('no');
          return message === 'rejects' ? Promise.reject(new Error('no')) : undefined;
        });
        const all = [...before, ...during];
        for (const [ticket, message] of before.entries()) mixed.enter(message, ticket);
        await turn();
        for (const [index, message] of during.entries()) mixed.enter(message, before.length + index);
        await until(() => out.length === all.length);
        expect(out).toEqual(all.map((kind, ticket) => [ticket, ['prompt', 'slow'].includes(kind) ? kind : 'failed']));
      }),
      { numRuns: 50 },
    );
  });
});

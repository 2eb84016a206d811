import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { channel } from './channel.declaration.js';
import { resolveChannelOptions } from './channel.options.js';

function resolved(given: object) {
  const problems: string[] = [];
  return { options: resolveChannelOptions('uploads', given, problems), problems };
}

describe('the options of a channel', () => {
  it('have the defaults that their comments say', () => {
    expect(resolved({})).toEqual({
      options: {
        buffer: 0,
        bufferType: 'fixed',
        putMode: 'async',
        maxPendingPuts: 1_024,
        payload: undefined,
        shed: undefined,
      },
      problems: [],
    });
    expect(resolved({ shed: true }).options.shed).toEqual({ at: 0.9, oldestAge: 10_000, retryAfter: 1_000 });
  });

  it('are frozen, and the given ones untouched', () => {
    const given = Object.freeze({ buffer: 2, shed: Object.freeze({ at: 0.5 }) });
    const { options } = resolved(given);
    expect([Object.isFrozen(options), options.shed]).toEqual([true, { at: 0.5, oldestAge: 10_000, retryAfter: 1_000 }]);
  });

  it.each([
    [{ buffer: -1 }, 'channels.uploads.buffer: expected an integer from 0 up, got -1 (number).'],
    [{ buffer: 1.5 }, 'channels.uploads.buffer: expected an integer from 0 up, got 1.5 (number).'],
    [{ buffer: '8' }, 'channels.uploads.buffer: expected an integer from 0 up, got 8 (string).'],
    [{ buffer: Infinity }, 'channels.uploads.buffer: expected an integer from 0 up, got Infinity (number).'],
    [
      { bufferType: 'slide' },
      "channels.uploads.bufferType: expected one of 'fixed', 'dropping', 'sliding', got slide (string).",
    ],
    [{ putMode: 'wait' }, "channels.uploads.putMode: expected one of 'async', 'block', 'drop', got wait (string)."],
    [{ maxPendingPuts: 0 }, 'channels.uploads.maxPendingPuts: expected an integer from 1 up, got 0 (number).'],
    [{ payload: 'Upload' }, 'channels.uploads.payload: expected a class or a Standard Schema, got Upload (string).'],
    [{ shed: false }, 'channels.uploads.shed: expected true, or { at, oldestAge, retryAfter }, got false (boolean).'],
    [{ shed: { at: 0 } }, 'channels.uploads.shed.at: expected a share above 0, up to 1, got 0 (number).'],
    [{ shed: { retryAfter: 'soon' } }, 'channels.uploads.shed.retryAfter: expected a duration from 1 ms up'],
    [{ shed: { atAge: 1 } }, 'channels.uploads.shed.atAge: unknown option.'],
    [{ bufer: 4 }, 'channels.uploads.bufer: unknown option. Did you mean "buffer"?'],
    [{ bufferType: 'dropping' }, "channels.uploads.bufferType: 'dropping' needs a buffer of at least 1, got buffer 0"],
    [{ bufferType: 'sliding', buffer: 0 }, "channels.uploads.bufferType: 'sliding' needs a buffer of at least 1"],
    [
      { bufferType: 'sliding', buffer: 1, maxPendingPuts: 4 },
      "channels.uploads.maxPendingPuts: has no effect with bufferType 'sliding'",
    ],
  ])('%o are refused, and say why', (given, problem) => {
    const { problems } = resolved(given);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });

  it('take a class or a Standard Schema for a payload', () => {
    class Upload {}
    const schema = z.object({ path: z.string() });
    expect(resolved({ payload: Upload })).toMatchObject({ options: { payload: Upload }, problems: [] });
    expect(resolved({ payload: schema }).options.payload).toBe(schema);
  });
});

describe('a channel constant', () => {
  it('is a frozen name with frozen options, apart from those it was given', () => {
    const given = { buffer: 1 };
    const declared = channel('uploads', given);
    given.buffer = 2;
    expect(declared).toEqual({ name: 'uploads', options: { buffer: 1 } });
    expect([Object.isFrozen(declared), Object.isFrozen(declared.options)]).toEqual([true, true]);
  });
});

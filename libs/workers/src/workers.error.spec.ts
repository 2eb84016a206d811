import { describe, expect, it } from 'vitest';
import { nearest, shown, suggestion, WorkersError } from './workers.error.js';

class LostError extends WorkersError {
  readonly code = 'LOST';
}

describe('an error of this library', () => {
  it('has its class for a name, a stable code and its cause', () => {
    const cause = new Error('below');
    const error = new LostError('It is gone.', { cause });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'LostError', code: 'LOST', message: 'It is gone.', cause });
    expect(String(error)).toBe('LostError: It is gone.');
  });
});

describe('the nearest name', () => {
  it.each([
    ['emial', ['email', 'audit'], 'email'],
    ['EMAILS', ['emails', 'audit'], 'emails'],
    ['ResizeWroker', ['ResizeWorker', 'RotateWorker'], 'ResizeWorker'],
    ['buf', ['buffer', 'bufferType'], undefined],
    ['audit', ['emails'], undefined],
    ['x', [], undefined],
    ['ab', ['ac', 'ab'], 'ab'],
  ])('to %s among %o is %s', (asked, known, near) => {
    expect(nearest(asked, known)).toBe(near);
  });
});

describe('a suggestion', () => {
  it('lists the known names, and the near one', () => {
    expect(suggestion('emial', ['email', 'audit'])).toBe(' Known: "email", "audit". Did you mean "email"?');
    expect(suggestion('zebra', new Set(['emails']))).toBe(' Known: "emails".');
    expect(suggestion('emails', [])).toBe(' None is known.');
  });
});

describe('a value shown in a message', () => {
  const circular: Record<string, unknown> = {};
  circular['self'] = circular;
  it.each([
    [0, '0 (number)'],
    ['text', 'text (string)'],
    [undefined, 'undefined (undefined)'],
    [null, 'null (null)'],
    [[1, 2], '[1,2] (array)'],
    [{ a: 1 }, '{"a":1} (object)'],
    [5n, '5 (bigint)'],
    [{ big: 5n }, 'object (object)'],
    [circular, 'object (object)'],
    [Symbol('s'), 'Symbol(s) (symbol)'],
    ['x'.repeat(61), `${'x'.repeat(57)}... (string)`],
  ])('%o is one short line with its type', (value, text) => {
    expect(shown(value)).toBe(text);
  });
});

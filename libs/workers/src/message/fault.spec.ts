import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { asError, fault, FAULT_KINDS, PermanentError, RetryableError, thrownFault } from './fault.js';

/** Throws again when it is looked at. */
const unshowable = {
  [inspect.custom]: (): never => {
    throw new Error('do not look');
  },
};

/** An error whose message cannot be read. */
const unreadable = Object.defineProperty(new Error(), 'message', {
  get: (): never => {
    throw new Error('do not read');
  },
});

describe('the fault of a handler that threw', () => {
  it('is retryable unless the handler says otherwise', () => {
    const error = new Error('no');
    expect(thrownFault(error)).toEqual({ kind: 'handler_error', retryable: true, error });
  });

  it('is permanent when the handler says so', () => {
    const error = new PermanentError('never', { cause: 'bad address' });
    expect(thrownFault(error)).toEqual({ kind: 'handler_error', retryable: false, error });
    expect([error.name, error.cause]).toEqual(['PermanentError', 'bad address']);
  });

  it('says when to try again, when the handler does', () => {
    const [soon, later] = [new RetryableError('busy'), new RetryableError('busy', { afterMs: 250 })];
    expect(thrownFault(soon)).toEqual({ kind: 'handler_error', retryable: true, error: soon });
    expect(thrownFault(later)).toEqual({ kind: 'handler_error', retryable: true, error: later, retryAfterMs: 250 });
  });

  it.each([
    ['a text', 'gone', 'gone'],
    ['a number', 42, 'A value that is not an Error was thrown: 42'],
    ['undefined', undefined, 'A value that is not an Error was thrown: undefined'],
    ['null', null, 'A value that is not an Error was thrown: null'],
    ['an object', { code: 7 }, 'A value that is not an Error was thrown: { code: 7 }'],
    ['a symbol', Symbol('s'), 'A value that is not an Error was thrown: Symbol(s)'],
    ['a bigint', 7n, 'A value that is not an Error was thrown: 7n'],
    ['what cannot be shown', unshowable, 'A value that is not an Error and cannot be shown was thrown'],
  ])('is an Error also when %s was thrown, which is its cause', (_, thrown, message) => {
    const { error } = thrownFault(thrown);
    expect(error).toBeInstanceOf(Error);
    expect([error.message, error.cause]).toEqual([message, thrown]);
  });

  it('can be told also when what was thrown throws when it is read', () => {
    const { error } = thrownFault(unreadable);
    expect([error.message, error.cause]).toEqual([
      'A value that is not an Error and cannot be shown was thrown',
      unreadable,
    ]);
  });

  it('keeps an Error of another realm as it is', () => {
    const foreign: unknown = runInNewContext('new TypeError("from elsewhere")');
    expect(foreign instanceof Error).toBe(false);
    expect(asError(foreign)).toBe(foreign);
  });
});

describe('the kinds of faults', () => {
  it('are a closed list, each retryable or permanent by itself', () => {
    expect(FAULT_KINDS).toEqual({
      handler_error: true,
      handler_timeout: true,
      handler_blocked: false,
      handler_not_found: false,
      serialization_error: false,
      validation_error: false,
      isolate_crashed: true,
      aborted: true,
    });
    const error = new Error('x');
    expect(fault('handler_blocked', error)).toEqual({ kind: 'handler_blocked', retryable: false, error });
    expect(fault('isolate_crashed', error)).toEqual({ kind: 'isolate_crashed', retryable: true, error });
  });
});

import { runInNewContext } from 'node:vm';
import { describe, expect, it, onTestFinished } from 'vitest';
import { encodeError } from './error.codec.js';
import { ErrorRegistry } from './error.registry.js';
import { type Form, pack, unpack } from './portable.js';

class ImageError extends Error {
  override name = 'ImageError';
  readonly #secret = 'mine';

  constructor(
    message: string,
    readonly width: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
    calls++;
  }

  secret(): string {
    return this.#secret;
  }
}

class TooWideError extends ImageError {
  override name = 'TooWideError';
}

let calls = 0;

const known = new ErrorRegistry([ImageError]);

describe.each<Form>(['json', 'clone'])('an error that crosses (%s)', (form) => {
  const arrived = (thrown: unknown, errors = known): unknown => {
    const encoded = encodeError(thrown, form);
    return unpack(form === 'json' ? JSON.parse(JSON.stringify(encoded)) : structuredClone(encoded), errors);
  };
  const carried = (thrown: unknown, errors?: ErrorRegistry): Error & Record<string, unknown> => {
    const error = arrived(thrown, errors);
    expect(error).toBeInstanceOf(Error);
    return error as Error & Record<string, unknown>;
  };

  it('keeps each of its properties as it was: value, and whether it shows', () => {
    const error = Object.assign(new RangeError('out', { cause: 'why' }), {
      code: 'E_OUT',
      at: new Date(1),
      name: 'Out',
    });
    Object.defineProperty(error, 'hidden', { value: { list: [undefined] }, writable: true, configurable: true });
    Object.defineProperty(error, '__proto__', {
      value: 'hostile',
      enumerable: true,
      writable: true,
      configurable: true,
    });
    const back = carried(error);
    expect(back).toBeInstanceOf(RangeError);
    // On Node 22 and later the engine keeps the stack behind an accessor; what it says is what has to arrive.
    const { stack: stackThere, ...there } = Object.getOwnPropertyDescriptors(back);
    const { stack: stackHere, ...here } = Object.getOwnPropertyDescriptors(error);
    expect(there).toEqual(here);
    expect([back.stack, stackThere?.enumerable]).toEqual([error.stack, stackHere?.enumerable]);
  });

  it('is a native error, so that it can cross again', () => {
    const back = carried(carried(new ImageError('no', 7)));
    expect(Object.prototype.toString.call(back)).toBe('[object Error]');
    expect(back).toMatchObject({ name: 'ImageError', message: 'no', width: 7 });
  });

  it('is of the class it was, whose constructor does not run', () => {
    const error = new ImageError('no', 7);
    Error.stackTraceLimit = 9;
    onTestFinished(() => void (Error.stackTraceLimit = 10));
    calls = 0;
    const back = carried(error);
    expect(back).toBeInstanceOf(ImageError);
    expect([calls, back['width'], back.stack]).toEqual([0, 7, error.stack]);
    expect(Error.stackTraceLimit).toBe(9);
    expect(() => (back as unknown as ImageError).secret()).toThrow(TypeError);
  });

  it('gets its properties whatever its class does when they are set', () => {
    class Guarded extends Error {
      get status(): number {
        throw new Error('ask me not');
      }
    }
    const error = Object.defineProperty(new Guarded('no'), 'status', { value: 503, enumerable: true });
    expect(carried(error, new ErrorRegistry([Guarded]))['status']).toBe(503);
  });

  it('is of the nearest of its classes that is known, and keeps its name', () => {
    const back = carried(new TooWideError('no', 7));
    expect(back).toBeInstanceOf(ImageError);
    expect(back).not.toBeInstanceOf(TooWideError);
    expect(back.name).toBe('TooWideError');
    class OldError extends Error {}
    Object.defineProperty(OldError.prototype, 'name', { value: 'OldError' });
    expect(carried(new OldError('no')).name).toBe('OldError');
    const stranger = carried(new TooWideError('no', 7), new ErrorRegistry());
    expect([Object.getPrototypeOf(stranger), stranger.name]).toEqual([Error.prototype, 'TooWideError']);
  });

  it('is not taken for a built-in error because it is called so', () => {
    const Impostor = { TypeError: class extends Error {} }.TypeError;
    Object.defineProperty(Impostor, 'name', { value: 'TypeError' });
    expect(carried(new Impostor('no'))).not.toBeInstanceOf(TypeError);
    expect(carried(runInNewContext('new TypeError("elsewhere")'))).toBeInstanceOf(TypeError);
  });

  it.each([Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError])('knows %o', (Kind) => {
    const back = carried(new Kind('no'));
    expect([Object.getPrototypeOf(back), back.message, back.name]).toEqual([Kind.prototype, 'no', Kind.name]);
    expect(Object.getOwnPropertyNames(carried(new Kind())).toSorted()).toEqual(['stack']);
  });

  it('keeps its causes', () => {
    const back = carried(
      new Error('a', { cause: new ImageError('b', 1, { cause: new TypeError('c', { cause: { d: 1n } }) }) }),
    );
    const second = back.cause as Error;
    const third = second.cause as Error;
    expect([second, third].map((error) => [error.constructor, error.message])).toEqual([
      [ImageError, 'b'],
      [TypeError, 'c'],
    ]);
    expect(third.cause).toEqual({ d: 1n });
  });

  it('keeps the errors it collects', () => {
    const back = carried(new AggregateError([new TypeError('a'), 'b', undefined], 'all'));
    expect(back).toBeInstanceOf(AggregateError);
    expect(back['errors']).toEqual([new TypeError('a'), 'b', undefined]);
    expect(Object.keys(back)).toEqual([]);
  });

  it('may be a DOMException, such as an abort', () => {
    const back = carried(AbortSignal.abort().reason);
    expect(back).toBeInstanceOf(DOMException);
    expect([back.name, back.message, back['code']]).toEqual(['AbortError', 'This operation was aborted', 20]);
  });

  it('leaves out what cannot cross, and says what that was', () => {
    const error = Object.assign(new Error('no'), {
      request: { socket: { on: () => {} } },
      ready: Promise.resolve(),
      status: 503,
    });
    Object.defineProperty(error, 'late', {
      get: () => {
        throw new Error('too late');
      },
      enumerable: true,
    });
    const back = carried(error);
    expect(back).toMatchObject({ message: 'no', status: 503 });
    expect(back['notPortable']).toEqual([
      'request.socket.on: a function (on)',
      'ready: a Promise',
      'late: something that cannot be read',
    ]);
  });

  it('may be its own cause, or that of its cause', () => {
    const error = new Error('a');
    error.cause = error;
    expect(carried(error)['notPortable']).toEqual(['cause: again an error around it (a cycle)']);
    const [one, other] = [new Error('one'), new Error('other')];
    one.cause = { other: [other] };
    other.cause = one;
    expect((carried(one).cause as { other: Error[] }).other[0]).toMatchObject({ message: 'other' });
  });

  it('brings so many causes along and no more', () => {
    let error = new Error('first');
    for (let i = 0; i < 100; i++) error = new Error('next', { cause: error });
    let depth = 0;
    for (let at: unknown = carried(error); at instanceof Error; at = at.cause) depth++;
    expect(depth).toBe(16);
  });

  it('crosses inside a payload too', () => {
    const packed = pack({ failed: [new ImageError('no', 7)] }, form);
    const back = unpack(form === 'json' ? JSON.parse(JSON.stringify(packed)) : structuredClone(packed), known);
    expect((back as { failed: unknown[] }).failed[0]).toBeInstanceOf(ImageError);
  });

  it.each([['a text'], [undefined], [null], [42], [{ code: 7 }], [[1, new Date(1)]]])(
    'may be no error at all: %o',
    (thrown) => {
      expect(arrived(thrown)).toStrictEqual(thrown);
    },
  );

  it.each([
    ['a symbol', Symbol('s'), 'A value that is not an Error was thrown: Symbol(s)'],
    [
      'an object with a function',
      { retry: () => {} },
      'A value that is not an Error was thrown: { retry: [Function: retry] }',
    ],
  ])('stands in for %s', (_, thrown, message) => expect(carried(thrown).message).toBe(message));
});

describe('encodeError', () => {
  const refuse = (): never => {
    throw new Error('do not look');
  };
  const all = Object.fromEntries(Object.getOwnPropertyNames(Reflect).map((trap) => [trap, refuse]));

  it.each([
    ['a proxy that refuses everything', new Proxy({}, all)],
    ['an error behind such a proxy', new Proxy(new Error('behind'), all)],
    ['an error whose properties cannot be listed', new Proxy(new Error('behind'), { ownKeys: refuse })],
    ['an error whose message cannot be read', Object.defineProperty(new Error('x'), 'message', { get: refuse })],
    ['an error whose stack cannot be read', Object.defineProperty(new Error('x'), 'stack', { get: refuse })],
    ['an error whose message is no text', Object.assign(new Error('x'), { message: { deep: 1 } })],
    [
      'an error whose class has no name',
      Object.setPrototypeOf(new Error('x'), Object.create(Error.prototype, { constructor: { get: refuse } }) as object),
    ],
    ['an object made like an error', Object.create(Error.prototype)],
    ['an object made like a DOMException', Object.create(DOMException.prototype)],
    ['a revoked proxy', revoked()],
  ])('never throws: %s', (_, thrown) => {
    for (const form of ['json', 'clone'] as const) {
      const encoded = encodeError(thrown, form);
      expect(unpack(JSON.parse(JSON.stringify(encoded)))).toBeInstanceOf(Error);
      expect(() => structuredClone(encoded)).not.toThrow();
    }
  });
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

describe('a registry of errors', () => {
  it('refuses a second class of a name', () => {
    const Twin = { ImageError: class extends Error {} }.ImageError;
    expect(() => new ErrorRegistry([ImageError, Twin])).toThrow('"ImageError" is the name of another error class too');
    expect(() => new ErrorRegistry([ImageError, ImageError])).not.toThrow();
  });

  it('refuses the name of a built-in error', () => {
    const Impostor = { RangeError: class extends Error {} }.RangeError;
    expect(() => new ErrorRegistry([Impostor])).toThrow('"RangeError" is the name of a built-in error too');
  });
});

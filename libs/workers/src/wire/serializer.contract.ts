import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectSame } from './fixtures/same.js';
import { HOSTILE_KEYS, NOT_PORTABLE, portable } from './fixtures/values.js';
import { type Form, pack, unpack } from './portable.js';
import { NotPortableError } from './wire.errors.js';

/** A border that frames cross: a serializer there and back, or a MessagePort. */
export interface Border {
  readonly form: Form;
  cross(frame: readonly unknown[]): unknown;
}

/** What every border promises when values cross it packed: run it with `borderContract('json', border)`. */
export function borderContract(name: string, { form, cross }: Border): void {
  /** `value` on the far side. */
  const carried = (value: unknown): unknown => {
    const [kind, arrived] = cross(['run', pack(value, form), 7]) as [string, unknown];
    expect(kind).toBe('run');
    return unpack(arrived);
  };

  describe(`a value that crosses by ${name}`, () => {
    it('is the same value, of the same kind, whatever it is', () => {
      fc.assert(
        fc.property(portable, (value) => expectSame(carried(value), value)),
        { numRuns: 400 },
      );
    });

    it.each([
      ['undefined', undefined],
      ['a property that is undefined', { a: undefined }],
      ['an item that is undefined', [undefined, 1, undefined]],
      ['numbers that JSON does not have', [Number.NaN, Infinity, -Infinity, -0, 0]],
      ['a bigint', 2n ** 70n],
      ['dates', [new Date(0), new Date(-1), new Date(8.64e15)]],
      [
        'a map with objects for keys',
        new Map<unknown, unknown>([
          [{ a: 1 }, new Date(1)],
          [Number.NaN, undefined],
        ]),
      ],
      ['a set of arrays', new Set([[1], [1], new Set()])],
      ['an expression that stands somewhere', Object.assign(/a+/gy, { lastIndex: 3 })],
      ['a URL', new URL('https://user:pass@example.org:8080/a%20b?c=d#e')],
      ['a Buffer', Buffer.from('a\u0000ÿ')],
      ['memory', new Uint8Array([1, 2, 3]).buffer],
      [
        'views',
        [Float32Array.of(1.5, -0), BigInt64Array.of(-1n), Uint8ClampedArray.of(7), new DataView(new ArrayBuffer(3))],
      ],
      ['an object without a prototype', Object.assign(Object.create(null) as object, { a: 1, $date: 2 })],
      ['an array with gaps', Object.assign([], { length: 4, 0: 1, 2: 3 })],
      ['an array with gaps and as many properties', Object.assign([], { length: 3, 0: 1, 2: 3, index: 2 })],
      ['a long array with nearly nothing in it', Object.assign([], { length: 2 ** 32 - 1, 5: new Date(5) })],
      ['an array with nothing but a property', [new URL('a:b'), Object.assign([], { $date: 'x' })]],
      ['what a RegExp found', /(?<word>b+)/.exec('abbc')],
      ['emoji and halves of them', ['👩‍👩‍👧', '\ud83d', '\udc69', { '\ud83d': 1 }]],
    ])('keeps %s', (_, value) => expectSame(carried(value), value));

    it.each(HOSTILE_KEYS)('keeps the key %j, alone and among others, at the root and below', (key) => {
      const record = Object.fromEntries([[key, { a: 1 }]]);
      const special = Object.fromEntries([
        [key, new Date(3)],
        ['b', undefined],
      ]);
      for (const value of [record, { record }, special, [special, record], Object.fromEntries([[key, undefined]])]) {
        expectSame(carried(value), value);
      }
    });

    it.each([
      ['of one byte a letter', 'x'],
      ['of two', 'ж'],
      ['of emoji', '🙂'],
    ])('keeps a text of ten million letters %s', { timeout: 30_000 }, (_, letter) => {
      const text = letter.repeat(10_000_000 / letter.length);
      expect(carried(text) === text).toBe(true);
    });

    it('keeps 10 MB in a Buffer', () => {
      const bytes = Buffer.alloc(10 << 20, 'bytes');
      expect(Buffer.compare(carried(bytes) as Buffer, bytes)).toBe(0);
    });

    it('keeps a date that is none', () => {
      expect(carried([new Date(Number.NaN)])).toStrictEqual([new Date(Number.NaN)]);
    });

    it('is no more than what a view shows, with memory of its own', () => {
      const memory = Uint8Array.from({ length: 64 }, (_, at) => at).buffer;
      const views = [new Float64Array(memory, 16, 2), new DataView(memory, 3, 5), new Uint8Array(memory, 1, 1)];
      const arrived = carried({ views }) as { views: NodeJS.ArrayBufferView[] };
      const shown = (view: NodeJS.ArrayBufferView) => [view.constructor.name, Buffer.from(view.buffer).toString('hex')];
      const expected = views.map((view) => view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
      expect(arrived.views.map(shown)).toEqual(
        expected.map((bytes, at) => [views[at]?.constructor.name, Buffer.from(bytes).toString('hex')]),
      );
    });

    it('is left as it was', () => {
      const value = Object.freeze({
        at: new Date(1),
        list: Object.freeze([undefined, 1]),
        map: new Map([[1, Buffer.from('b')]]),
      });
      const before = structuredClone({ at: value.at, list: value.list });
      carried(value);
      expectSame({ at: value.at, list: value.list }, before);
      expect(value.map.get(1)).toBeInstanceOf(Buffer);
    });

    it('goes 1,000 deep and is refused beyond', () => {
      const nested = (depth: number): unknown => {
        let value: unknown = new Date(1);
        for (let level = 1; level < depth; level++) value = [value];
        return value;
      };
      expectSame(JSON.stringify(carried(nested(1_000))), JSON.stringify(nested(1_000)));
      expect(() => pack(nested(1_001), form)).toThrow(/more than 1000 deep/);
      const from = (frames: number): unknown => (frames === 0 ? pack(nested(1_000), form) : from(frames - 1));
      const saidFrom = (frames: number): string => {
        try {
          from(frames);
          return '';
        } catch (error) {
          return (error as Error).message;
        }
      };
      // Somewhere between much stack and none it ends on the way.
      const said = Array.from({ length: 400 }, (_, index) => saidFrom(index * 50));
      expect(said.some((one) => /deep, for which no stack is left. Send a flat list/.test(one))).toBe(true);
    });
  });

  describe(`a value that cannot cross by ${name}`, () => {
    it.each(NOT_PORTABLE)('is refused when it is %s', (found, make) => {
      const error = refusal(() => pack(make(), form));
      expect(error).toMatchObject({ code: 'NOT_PORTABLE', name: 'NotPortableError', path: 'payload', found });
    });

    it('is found wherever it stands, and the refusal says where', () => {
      const step = fc.oneof(fc.constantFrom(...HOSTILE_KEYS), fc.nat(3));
      const one = fc.constantFrom(...NOT_PORTABLE);
      fc.assert(
        fc.property(fc.array(step, { maxLength: 90 }), one, portable, (path, [found, make], beside) => {
          const value = path.reduceRight<unknown>((inner, at) => wrapped(at, inner, beside), make());
          expect(refusal(() => pack(value, form))).toMatchObject({ path: ['payload', ...path].join('.'), found });
        }),
        { numRuns: 200 },
      );
    });

    it('is found in maps and sets', () => {
      const resize = (): void => {};
      expect(
        refusal(() =>
          pack(
            {
              cache: new Map([
                ['a', 1],
                ['b', resize as never],
              ]),
            },
            form,
          ),
        ).path,
      ).toBe('payload.cache.1.value');
      expect(refusal(() => pack(new Map([[resize, 1]]), form)).path).toBe('payload.0.key');
      expect(refusal(() => pack([new Set([1, resize])], form)).path).toBe('payload.0.1');
    });
  });
}

/** An object or an array with `inner` at `at`, and something else before it. */
function wrapped(at: string | number, inner: unknown, beside: unknown): unknown {
  if (typeof at === 'string')
    return Object.fromEntries([
      ['before', beside],
      [at, inner],
    ]);
  const array = Array.from({ length: at }, () => beside);
  array.push(inner);
  return array;
}

function refusal(work: () => unknown): NotPortableError {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(NotPortableError);
    return error as NotPortableError;
  }
  throw new Error('It was not refused');
}

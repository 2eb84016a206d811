import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { type Form, pack, unpack } from './portable.js';
import { NotPortableError, UnreadableError } from './wire.errors.js';

const FORMS: Form[] = ['json', 'clone'];

class Address {
  constructor(readonly city: string) {}
}

class Upload {
  readonly isChecked = true;
  constructor(
    readonly name: string,
    readonly address?: unknown,
  ) {}

  get title(): string {
    return `the upload ${this.name}`;
  }
}

class Money {
  readonly cents = 100;

  toJSON(): string {
    return '1.00';
  }
}

/** There and back, as JSON or as the structured clone has it. */
function carried(value: unknown, form: Form, asPlain?: (value: object) => boolean): unknown {
  const packed = pack(value, form, asPlain === undefined ? {} : { asPlain });
  return unpack(form === 'json' ? JSON.parse(JSON.stringify(packed)) : structuredClone(packed));
}

describe.each(FORMS)('a plain value (%s)', (form) => {
  it.each([
    ['a text', 'text'],
    ['a number', 1.5],
    ['null', null],
    ['an object', { id: 'a', amount: 1, isPaid: true, note: null }],
    ['a list of them', [{ id: 'a' }, [{ id: 'b' }, []], {}]],
    ['a key that begins as ours do, below the root', { a: { $wire: 1 }, $date: 'x' }],
  ])('goes as it is when it is %s', (_, value) => expect(pack(value, form)).toBe(value));

  it('comes as it is', () => {
    const value = { $date: 'not ours', at: { $undefined: true } };
    expect(unpack(value)).toBe(value);
    expect(value).toEqual({ $date: 'not ours', at: { $undefined: true } });
  });

  it('may be of another realm, and arrives as one of this', () => {
    const foreign: unknown = runInNewContext('({ list: [1, { at: new Date(5) }], map: new Map([[1, undefined]]) })');
    expect(carried(foreign, form)).toStrictEqual({ list: [1, { at: new Date(5) }], map: new Map([[1, undefined]]) });
  });

  it('may hide behind a proxy, and arrives as what that shows', () => {
    expect(carried({ a: new Proxy({ b: 1 }, {}) }, form)).toStrictEqual({ a: { b: 1 } });
  });

  it('may have getters, which are read', () => {
    expect(
      carried(
        {
          at: undefined,
          get now() {
            return 7;
          },
        },
        form,
      ),
    ).toStrictEqual({ at: undefined, now: 7 });
  });
});

describe.each(FORMS)('an object of a class (%s)', (form) => {
  const isUpload = (value: object): boolean => value instanceof Upload || value instanceof Address;

  it('travels as its own data when the caller says so, also below', () => {
    const upload = new Upload('a.png', new Address('Ulm'));
    expect(carried(upload, form, isUpload)).toStrictEqual({ isChecked: true, name: 'a.png', address: { city: 'Ulm' } });
    const dated = new Upload('a.png', new Date(1));
    expect(carried([dated], form, isUpload)).toStrictEqual([{ isChecked: true, name: 'a.png', address: new Date(1) }]);
  });

  it('travels as its data, whatever it would say as JSON', () => {
    expect(carried(new Money(), form, () => true)).toStrictEqual({ cents: 100 });
  });

  it('is not taken for its data when it is more than that, whatever the caller says', () => {
    for (const value of [Promise.resolve(), new WeakSet(), new (class Log extends Map {})(), () => {}]) {
      expect(() => pack(new Upload('a', value), form, { asPlain: () => true })).toThrow(NotPortableError);
    }
    expect(carried(new Upload('a', new Map([[1, 2]])), form, () => true)).toMatchObject({ address: new Map([[1, 2]]) });
    const bare = carried(new Upload('a', Object.create(null)), form, () => true) as Upload;
    expect(Object.getPrototypeOf(bare.address)).toBe(null);
  });

  it('is refused without, by an error that says where, what and what to do', () => {
    expect(() => pack(new Upload('a'), form)).toThrow(
      'A value cannot cross to a thread, a process or a store: payload is an instance of Upload. ' +
        'Send plain data in its place, or declare `payload: Upload` on the channel, so that it is built again on the far side.',
    );
    expect(() => pack({ run: isUpload }, form, { called: 'result' })).toThrow(
      'result.run is a function (isUpload). Send data; a function stays on its side.',
    );
  });

  it.each([
    ['within a payload', { user: { avatar: new Upload('a') } }, 'payload', 'payload.user.avatar'],
    ['as a result', new Upload('a'), 'result', 'result'],
  ])('is not to be declared where that would not help: %s', (_where, value, called, path) => {
    expect(() => pack(value, form, { called })).toThrow(
      `${path} is an instance of Upload. Send plain data in its place.`,
    );
  });
});

describe('a refusal', () => {
  it('says what an object threw when it was read', () => {
    const cause = new Error('not yet');
    const value = {
      a: [
        {
          get b(): never {
            throw cause;
          },
        },
      ],
    };
    expect(() => pack(value, 'json')).toThrow(
      expect.objectContaining({ path: 'payload.a.0.b', found: 'something that cannot be read', cause }) as Error,
    );
  });

  it('says where a cycle leads, under JSON', () => {
    const parent: Record<string, unknown> = { name: 'parent' };
    parent['children'] = [{ name: 'child', parent }];
    expect(() => pack({ tree: parent }, 'json')).toThrow(
      'payload.tree.children.0.parent is again payload.tree (a cycle)',
    );
    expect(carried({ tree: parent }, 'clone')).toStrictEqual({ tree: parent });
  });

  it('takes an object that is reached by two ways for no cycle', () => {
    const shared = { at: new Date(1) };
    expect(carried({ a: shared, b: [shared, shared] }, 'json')).toStrictEqual({ a: shared, b: [shared, shared] });
  });

  it('comes soon for a large tree that knows itself', () => {
    const root: Record<string, unknown> = { rows: Array.from({ length: 20_000 }, (_, id) => ({ id, name: 'row' })) };
    root['root'] = root;
    expect(() => pack(root, 'json')).toThrow('payload.root is again payload (a cycle)');
  });
});

describe('what was not written by pack', () => {
  it('changes no prototype', () => {
    const hostile: unknown = JSON.parse('{"$wire":{"$array":[1,{"__proto__":{"polluted":true}}]}}');
    const array = unpack(hostile);
    expect(Object.getPrototypeOf(array)).toBe(Array.prototype);
  });

  it.each([
    ['an unknown tag', { $wire: { $nothing: 1 } }],
    ['a view there is none of', { $wire: { $view: ['Int3Array', ''] } }],
    ['a bigint that is no number', { $wire: [{ $bigint: 'x' }] }],
    ['an error without a record', { $wire: { $error: null } }],
    ['a URL that is none', { $wire: { $url: '' } }],
  ])('is refused: %s', (_, packed) => expect(() => unpack(packed)).toThrow(UnreadableError));

  it('is refused with what was wrong', () => {
    expect(() => unpack({ $wire: [{ $nothing: 1 }] })).toThrow(
      expect.objectContaining({
        code: 'UNREADABLE',
        cause: new TypeError('There is no tag called $nothing'),
      }) as Error,
    );
  });
});

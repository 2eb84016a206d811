import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { NotPortableError } from '../wire/wire.errors.js';
import { knownErrors } from './known.errors.js';
import { Packing } from './packing.js';

class Address {
  constructor(readonly street: string) {}
}

class Order {
  constructor(
    readonly id: number,
    readonly parts: Record<string, unknown> = {},
  ) {}

  total(): number {
    return this.id;
  }
}

const packing = new Packing('json', knownErrors(), Order);

/** What arrives on the far side. */
function crossed(packed: unknown): unknown {
  return packing.unpack(JSON.parse(JSON.stringify(packed)));
}

describe('a packing', () => {
  it('lets an instance of the declared class, and data classes in it, travel as plain data', () => {
    const order = new Order(1, { home: new Address('Main Street'), next: new Order(2) });
    expect(crossed(packing.payload(order))).toEqual({
      id: 1,
      parts: { home: { street: 'Main Street' }, next: { id: 2, parts: {} } },
    });
  });

  it('refuses what has a life of its own inside a declared class', () => {
    const order = new Order(1, { bus: new EventEmitter() });
    expect(() => packing.payload(order)).toThrow(NotPortableError);
    expect(() => packing.payload(order)).toThrow('payload.parts.bus');
  });

  it('refuses an instance of any class where none is declared, and as a result', () => {
    expect(() => new Packing('json', knownErrors()).payload(new Address('x'))).toThrow(NotPortableError);
    expect(() => packing.result(new Order(1))).toThrow(NotPortableError);
  });
});

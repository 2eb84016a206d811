import { encodeError } from '../wire/error.codec.js';
import type { ErrorRegistry } from '../wire/error.registry.js';
import { type Form, pack, unpack } from '../wire/portable.js';

/** The class that a channel declares as its payload. */
export type Declared = (new (...args: never[]) => object) | undefined;

/**
 * How values of the user are made fit to cross a border of one form, and made themselves again on the far side.
 *
 * A message's payload may be an instance of the class that its channel declares: it travels as plain data and is rebuilt by whoever
 * handles it. Whatever else has a class of its own is refused, because it would arrive without it.
 */
export class Packing {
  constructor(
    private readonly form: Form,
    private readonly errors: ErrorRegistry,
    private readonly declared: Declared = undefined,
  ) {}

  /** @throws NotPortableError */
  payload(value: unknown): unknown {
    const { declared } = this;
    return declared !== undefined && value instanceof declared
      ? pack(value, this.form, { asPlain: (part) => part instanceof declared || isDataOnly(part) })
      : pack(value, this.form);
  }

  /** @throws NotPortableError */
  result(value: unknown): unknown {
    return pack(value, this.form, RESULT);
  }

  /** What a host or an isolate says of its own accord. @throws NotPortableError */
  said(value: unknown): unknown {
    return pack(value, this.form, SAID);
  }

  /** What was thrown. Never throws. */
  thrown(value: unknown): unknown {
    return encodeError(value, this.form);
  }

  /** @throws UnreadableError */
  unpack(packed: unknown): unknown {
    return unpack(packed, this.errors);
  }
}

/** A class without methods, such as those that a payload's class has for its parts: `@Type(() => Address)`. */
function isDataOnly(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object;
  const isDerived = Object.getPrototypeOf(prototype) !== Object.prototype;
  return !isDerived && Object.getOwnPropertyNames(prototype).length === 1;
}

const RESULT = { called: 'result' };
const SAID = { called: 'value' };

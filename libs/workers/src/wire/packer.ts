import { writeError } from './error.record.js';
import { type Leaf, leafOf, propertiesOf } from './leaf.js';
import { type AsPlain, isOwnData } from './plain.js';
import type { Form } from './portable.js';
import { isError, prototypeOf } from './realm.js';
import { found } from './refusal.js';
import { loneMark, put, type Tagged } from './tag.js';
import { NotPortableError } from './wire.errors.js';

/** How deep a value may be: a border runs out of stack some way further down. */
const DEEPEST = 1_000;
/** How many errors may stand inside one another, as causes do. */
const MOST_ERRORS = 16;

/**
 * Makes the tagged copy of one value, or refuses it. Knows at each moment where it is: `open` are the objects it is inside of, `trail` the
 * keys that led from one to the next.
 */
export class Packer {
  private readonly open: object[] = [];
  private readonly trail: string[] = [];
  /** What became of each object; only where the border keeps one object one. */
  private readonly copies = new Map<object, unknown>();

  constructor(
    private readonly form: Form,
    private readonly asPlain: AsPlain,
    /** What the root is called. */
    private readonly called: string,
    /** The errors that this value is a property of, or of their causes. */
    private readonly around: readonly object[] = [],
  ) {}

  /** @throws NotPortableError, whatever the value does */
  packRoot(value: unknown): unknown {
    try {
      return this.pack(value);
    } catch (thrown) {
      if (thrown instanceof NotPortableError) throw thrown;
      // As deep as that, the stack may end before the limit, or before it can be said.
      if (isEndOfStack(thrown) && this.open.length > DEEPEST / 2) throw this.tooDeep();
      throw this.refusal('something that cannot be read', 'Send a plain copy; error.cause says what it threw.', {
        cause: thrown,
      });
    }
  }

  private pack(value: unknown): unknown {
    if (typeof value === 'object') return value === null ? null : this.packObject(value);
    if (typeof value === 'function' || typeof value === 'symbol') throw this.refusal(...found(value, this.path()));
    return this.form === 'clone' ? value : packPrimitive(value);
  }

  private packObject(value: object): unknown {
    const copy = this.copies.get(value);
    if (copy !== undefined) return copy;
    if (this.open.length >= DEEPEST) throw this.tooDeep();
    if (this.open.includes(value)) throw this.cycle(value);
    this.open.push(value);
    const packed = this.packKind(value);
    this.open.pop();
    return packed;
  }

  private packKind(value: object): unknown {
    if (isError(value)) return this.packError(value);
    const prototype = prototypeOf(value);
    const leaf = leafOf(prototype);
    if (leaf !== undefined) return this.packLeaf(value, leaf);
    if (prototype === Object.prototype) return this.packRecord(value);
    if (prototype === Array.prototype && Array.isArray(value)) return this.packArray(value);
    if (prototype === null) return this.packBare(value);
    if (prototype === Map.prototype) return this.packMap(value as Map<unknown, unknown>);
    if (prototype === Set.prototype) return this.packSet(value as Set<unknown>);
    if (isOwnData(value, this.asPlain)) return this.packRecord(value);
    throw this.refusal(...found(value, this.path()));
  }

  private packLeaf(value: object, leaf: Leaf): unknown {
    this.refuseSymbols(value);
    this.refuseObstacle(leaf.obstacle(value));
    if (this.form === 'clone' && leaf.isCloned(value)) return value;
    return this.remember(value, { [leaf.tag]: leaf.write(value, this.form) });
  }

  private packRecord(record: object): unknown {
    const copy = {};
    const packed = this.remember(record, loneMark(record) === undefined ? copy : ({ $object: copy } satisfies Tagged));
    this.packProperties(record, copy);
    return packed;
  }

  private packBare(record: object): unknown {
    const copy = {};
    const packed = this.remember(record, { $bare: copy } satisfies Tagged);
    this.packProperties(record, copy);
    return packed;
  }

  private packArray(array: readonly unknown[]): unknown {
    this.refuseSymbols(array);
    if (this.form === 'clone') {
      const copy: unknown[] = [];
      copy.length = array.length;
      return this.packProperties(array, this.remember(array, copy));
    }
    if (isDense(array)) return array.map((item, index) => this.part(String(index), item));
    return { $array: [array.length, this.packProperties(array, {})] } satisfies Tagged;
  }

  private packMap(map: ReadonlyMap<unknown, unknown>): unknown {
    this.refuseSymbols(map);
    this.refuseObstacle(propertiesOf(map));
    const copy = this.remember(map, new Map<unknown, unknown>());
    for (const [index, [key, item]] of [...map].entries())
      copy.set(this.part(`${index}.key`, key), this.part(`${index}.value`, item));
    return this.form === 'clone' ? copy : ({ $map: [...copy] } satisfies Tagged);
  }

  private packSet(set: ReadonlySet<unknown>): unknown {
    this.refuseSymbols(set);
    this.refuseObstacle(propertiesOf(set));
    const copy = this.remember(set, new Set<unknown>());
    for (const [index, item] of [...set].entries()) copy.add(this.part(String(index), item));
    return this.form === 'clone' ? copy : ({ $set: [...copy] } satisfies Tagged);
  }

  /** What an error has of its own is packed piece by piece, so that one piece that is refused does not refuse the error. */
  private packError(error: Error): unknown {
    if (this.around.includes(error)) throw this.cycle(error);
    if (this.around.length >= MOST_ERRORS)
      throw this.refusal(`the cause of ${MOST_ERRORS} others`, 'Send fewer of them.');
    const around = [...this.around, error];
    const packOwn = (value: unknown, key: string) => new Packer(this.form, this.asPlain, key, around).packRoot(value);
    return this.remember(error, { $error: writeError(error, packOwn) } satisfies Tagged);
  }

  private packProperties<C extends object>(source: object, copy: C): C {
    this.refuseSymbols(source);
    for (const key of Object.keys(source)) {
      this.trail.push(key);
      put(copy, key, this.pack((source as Record<string, unknown>)[key]));
      this.trail.pop();
    }
    return copy;
  }

  private part(key: string, value: unknown): unknown {
    this.trail.push(key);
    const packed = this.pack(value);
    this.trail.pop();
    return packed;
  }

  private remember<P>(value: object, packed: P): P {
    if (this.form === 'clone') this.copies.set(value, packed);
    return packed;
  }

  private refuseSymbols(value: object): void {
    for (const symbol of Object.getOwnPropertySymbols(value)) {
      if (!Object.prototype.propertyIsEnumerable.call(value, symbol)) continue;
      throw this.refusal(`an object with a property called ${String(symbol)}`, 'Call it by a text, or leave it out.');
    }
  }

  private refuseObstacle(obstacle: string | undefined): void {
    if (obstacle !== undefined) throw this.refusal(obstacle, 'Send a plain copy of it.');
  }

  private tooDeep(): NotPortableError {
    const depth = this.open.length;
    const what = depth < DEEPEST ? `${depth} deep, for which no stack is left` : `more than ${DEEPEST} deep`;
    return this.refusal(what, 'Send a flat list instead.');
  }

  private cycle(value: object): NotPortableError {
    const where = this.around.includes(value) ? 'an error around it' : this.path(this.open.indexOf(value));
    return this.refusal(
      `again ${where} (a cycle)`,
      'Send an id in its place, or choose a serializer that keeps cycles.',
    );
  }

  private refusal(what: string, advice: string, options?: ErrorOptions): NotPortableError {
    return new NotPortableError(this.path(), what, advice, options);
  }

  private path(level = this.trail.length): string {
    return [this.called, ...this.trail.slice(0, level)].join('.');
  }
}

/** The engine's own; what a getter throws may be a `RangeError` too. */
function isEndOfStack(thrown: unknown): boolean {
  return thrown instanceof RangeError && thrown.message.includes('call stack');
}

function packPrimitive(value: unknown): unknown {
  switch (typeof value) {
    case 'undefined':
      return { $undefined: true } satisfies Tagged;
    case 'bigint':
      return { $bigint: value.toString() } satisfies Tagged;
    case 'number':
      if (Object.is(value, -0)) return { $number: '-0' } satisfies Tagged;
      return Number.isFinite(value) ? value : ({ $number: String(value) } satisfies Tagged);
    default:
      return value;
  }
}

/** Neither gaps nor properties: as many keys as items, and the last item is the last key. */
function isDense(array: readonly unknown[]): boolean {
  const keys = Object.keys(array);
  return keys.length === array.length && (keys.length === 0 || keys.at(-1) === String(array.length - 1));
}

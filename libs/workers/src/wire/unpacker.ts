import { buildError, type ErrorRecord } from './error.record.js';
import type { ErrorRegistry } from './error.registry.js';
import { leafTagged } from './leaf.js';
import { loneMark, put, type Tag } from './tag.js';

/** Undoes what a packer did, in place: containers stay what they are, and each tag in them gives way to what it stands for. */
export class Unpacker {
  /** What became of each object that was met. */
  private readonly met = new Map<object, unknown>();

  constructor(private readonly errors: ErrorRegistry) {}

  unpack(packed: unknown): unknown {
    if (typeof packed !== 'object' || packed === null) return packed;
    const known = this.met.get(packed);
    if (known !== undefined) return known;
    const prototype: unknown = Object.getPrototypeOf(packed);
    const tag = prototype === Object.prototype ? loneMark(packed) : undefined;
    if (tag === undefined) return this.unpackParts(packed);
    const value = this.read(tag as Tag, (packed as Record<string, unknown>)[tag], packed);
    this.met.set(packed, value);
    return value;
  }

  private read(tag: Tag, content: unknown, packed: object): unknown {
    switch (tag) {
      case '$undefined':
        return undefined;
      case '$number':
        return Number(content);
      case '$bigint':
        return BigInt(content as string);
      case '$map':
        return new Map(this.unpackParts(content as [unknown, unknown][]));
      case '$set':
        return new Set(this.unpackParts(content as unknown[]));
      case '$array':
        return this.readArray(content as [number, object]);
      case '$object':
        this.met.set(packed, content);
        return this.unpackProperties(content as object);
      case '$bare':
        this.met.set(packed, content);
        return Object.setPrototypeOf(this.unpackProperties(content as object), null);
      case '$error':
        return this.readError(content as ErrorRecord);
      default:
        return readLeaf(tag, content);
    }
  }

  private readArray([length, properties]: readonly [number, object]): unknown[] {
    const array: unknown[] = [];
    array.length = length;
    for (const [key, value] of Object.entries(this.unpackProperties(properties))) put(array, key, value);
    return array;
  }

  private readError(record: ErrorRecord): Error {
    this.unpackProperties(record.shown);
    this.unpackProperties(record.hidden);
    return buildError(record, this.errors);
  }

  private unpackParts<C extends object>(container: C): C {
    this.met.set(container, container);
    if (container instanceof Map) this.unpackMap(container);
    else if (container instanceof Set) this.unpackSet(container);
    else if (Array.isArray(container) || Object.getPrototypeOf(container) === Object.prototype)
      this.unpackProperties(container);
    return container;
  }

  private unpackMap(map: Map<unknown, unknown>): void {
    const entries = [...map];
    map.clear();
    for (const [key, value] of entries) map.set(this.unpack(key), this.unpack(value));
  }

  private unpackSet(set: Set<unknown>): void {
    const items = [...set];
    set.clear();
    for (const item of items) set.add(this.unpack(item));
  }

  private unpackProperties<C extends object>(container: C): C {
    for (const [key, packed] of Object.entries(container)) {
      const value = this.unpack(packed);
      if (value !== packed) put(container, key, value);
    }
    return container;
  }
}

function readLeaf(tag: string, content: unknown): object {
  const leaf = leafTagged(tag);
  if (leaf === undefined) throw new TypeError(`There is no tag called ${tag}`);
  return leaf.read(content);
}

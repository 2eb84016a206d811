import { types } from 'node:util';
import { leafOf, propertiesOf } from './leaf.js';
import type { Form } from './portable.js';

/** Whether an object of a class may travel as its own data. It is not asked about anything that is more to the language than its data. */
export type AsPlain = (value: object) => boolean;

export function isOwnData(value: object, asPlain: AsPlain): boolean {
  const isBare = Object.getPrototypeOf(value) === null;
  return !isBare && Object.prototype.toString.call(value) === '[object Object]' && asPlain(value);
}

/**
 * Whether the border keeps `value` as it is. One walk that copies nothing, since nearly every message is plain. In doubt it says no, and
 * the packer looks closely.
 */
export function isPlain(value: unknown, form: Form, asPlain: AsPlain): boolean {
  return form === 'json' ? isPlainJson(value, asPlain, 0) : isPlainClone(value, asPlain, new Set(), 0);
}

/** Deeper than this it may be a cycle. */
const DEEP = 64;

function isPlainJson(value: unknown, asPlain: AsPlain, depth: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0);
    case 'object':
      if (value === null) return true;
      if (depth > DEEP) return false;
      return Array.isArray(value) ? isPlainArray(value, asPlain, depth) : isPlainObject(value, asPlain, depth);
    default:
      return false;
  }
}

function isPlainObject(value: object, asPlain: AsPlain, depth: number): boolean {
  // A class with `toJSON` would be asked for something else than its data.
  if (Object.getPrototypeOf(value) !== Object.prototype && ('toJSON' in value || !isOwnData(value, asPlain)))
    return false;
  for (const key in value) {
    const part = (value as Record<string, unknown>)[key];
    if (typeof part !== 'string' && !isPlainJson(part, asPlain, depth + 1)) return false;
  }
  return hasNoSymbols(value);
}

function isPlainArray(value: readonly unknown[], asPlain: AsPlain, depth: number): boolean {
  // As many values as items: neither gaps nor properties. Should there be one of each, the gap is found below, as undefined.
  if (Object.getPrototypeOf(value) !== Array.prototype || Object.values(value).length !== value.length) return false;
  for (const part of value) if (typeof part !== 'string' && !isPlainJson(part, asPlain, depth + 1)) return false;
  return hasNoSymbols(value);
}

function isPlainClone(value: unknown, asPlain: AsPlain, seen: Set<object>, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return typeof value !== 'function' && typeof value !== 'symbol';
  if (seen.has(value)) return true;
  seen.add(value);
  // The structured clone refuses a proxy; the packer can read it.
  if (depth > DEEP || types.isProxy(value) || !hasNoSymbols(value)) return false;
  const isPlainPart = (part: unknown) => isPlainClone(part, asPlain, seen, depth + 1);
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === Array.prototype) return Object.values(value).every(isPlainPart);
  if (prototype === Map.prototype || prototype === Set.prototype) {
    const entries = value as Map<unknown, unknown> | Set<unknown>;
    return propertiesOf(value) === undefined && [...entries.keys(), ...entries.values()].every(isPlainPart);
  }
  const leaf = leafOf(prototype);
  if (leaf !== undefined) return leaf.isCloned(value) && leaf.obstacle(value) === undefined;
  return isOwnData(value, asPlain) && Object.values(value).every(isPlainPart);
}

function hasNoSymbols(value: object): boolean {
  return Object.getOwnPropertySymbols(value).length === 0;
}

import { types } from 'node:util';

/**
 * The prototype of `value`; that of this realm where a built-in of another one (a vm context, some test runners) made it. Whatever crosses
 * changes realms anyway.
 */
export function prototypeOf(value: object): object | null {
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype === null || !Object.hasOwn(prototype, 'constructor')) return prototype;
  const { constructor } = prototype;
  const ours = (globalThis as Record<string, unknown>)[constructor.name];
  if (typeof ours !== 'function' || ours === constructor || !isNative(constructor)) return prototype;
  return ours.prototype as object;
}

/** Whether `value` is an error, of this realm or another. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}

/** Whether `made` came with the language; not with an application, whatever it is called. */
export function isNative(made: unknown): boolean {
  return typeof made === 'function' && NATIVE.test(Function.prototype.toString.call(made));
}

const NATIVE = /\{\s*\[native code\]\s*\}$/;

/**
 * How a value that a border would change is written: as an object with one property, whose name begins with `$` and says what it is, such
 * as `{ "$date": "2026-01-31T12:00:00.000Z" }`. Tags mean something inside a parcel only; there, a plain object that happens to look like
 * one is wrapped in `$object`, so no key of a user is ever taken for ours.
 */
export type Tag =
  | '$undefined'
  | '$number'
  | '$bigint'
  | '$date'
  | '$regexp'
  | '$url'
  | '$buffer'
  | '$bytes'
  | '$view'
  | '$map'
  | '$set'
  | '$array'
  | '$object'
  | '$bare'
  | '$error';

/** The one key of a parcel: the root of a value with tags inside. */
export const PARCEL = '$wire';

export type Tagged = { readonly [T in Tag]?: unknown };

export function isParcel(value: unknown): value is { readonly [PARCEL]: unknown } {
  return typeof value === 'object' && value !== null && PARCEL in value && loneMark(value) === PARCEL;
}

/** The only key of `value`, if it has one key and that begins with `$`. */
export function loneMark(value: object): string | undefined {
  let mark: string | undefined;
  for (const key in value) {
    if (mark !== undefined || key.charCodeAt(0) !== DOLLAR) return undefined;
    mark = key;
  }
  return mark;
}

const DOLLAR = 36;

/** Sets a property of its own on `target`, whatever it is called and inherits: assigning might reach a setter, as that of `__proto__`. */
export function put(target: object, key: string, value: unknown, enumerable = true): void {
  if (enumerable && !(key in target)) (target as Record<string, unknown>)[key] = value;
  else Object.defineProperty(target, key, { value, enumerable, writable: true, configurable: true });
}

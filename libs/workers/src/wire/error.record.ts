import { BUILT_INS, type ErrorRegistry } from './error.registry.js';
import { isNative } from './realm.js';
import { put } from './tag.js';
import { NotPortableError } from './wire.errors.js';

/** An error as data. */
export interface ErrorRecord {
  /** What its classes are called, its own first. */
  readonly classes: readonly string[];
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  /** Its own properties, packed: the enumerable ones, and the others. */
  readonly shown: Readonly<Record<string, unknown>>;
  readonly hidden: Readonly<Record<string, unknown>>;
  /** What was left out: where it stood and what it was. */
  readonly notPortable: readonly string[];
}

/** Reads everything of `error` that can be read. Never throws; what `packOwn` refuses is left out and noted. */
export function writeError(error: Error, packOwn: (value: unknown, key: string) => unknown): ErrorRecord {
  const [name, message] = [text(error, 'name') ?? 'Error', text(error, 'message') ?? ''];
  const [shown, hidden, notPortable] = [{}, {}, [] as string[]];
  for (const key of attempt(() => Object.getOwnPropertyNames(error)) ?? []) {
    const enumerable = attempt(() => Object.prototype.propertyIsEnumerable.call(error, key)) === true;
    if (isTold(error, key) && !enumerable) continue;
    try {
      put(enumerable ? shown : hidden, key, packOwn((error as unknown as Record<string, unknown>)[key], key));
    } catch (refused) {
      const isNamed = refused instanceof NotPortableError;
      notPortable.push(isNamed ? `${refused.path}: ${refused.found}` : `${key}: something that cannot be read`);
    }
  }
  const stack = text(error, 'stack') ?? `${name}: ${message}`;
  return { classes: attempt(() => classesOf(error)) ?? [], name, message, stack, shown, hidden, notPortable };
}

/**
 * An error from its record, whose properties have been unpacked: of the first of its classes that `errors` knows. It is a native error
 * that was given its prototype; no constructor of a user runs, and what only a constructor makes (private fields) is not there.
 */
export function buildError(record: ErrorRecord, errors: ErrorRegistry): Error {
  const { prototype } = errors.find(record.classes);
  const error = withoutStack(() =>
    prototype === DOMException.prototype ? new DOMException(record.message, record.name) : new Error(),
  );
  // A DOMException keeps what it says where only its own constructor gets at it.
  if (prototype !== DOMException.prototype) Object.setPrototypeOf(error, prototype as object);
  for (const [key, value] of Object.entries(record.hidden)) put(error, key, value, false);
  for (const [key, value] of Object.entries(record.shown)) put(error, key, value);
  if (record.notPortable.length > 0) put(error, 'notPortable', record.notPortable);
  for (const key of ['name', 'message', 'stack'] as const)
    if (text(error, key) !== record[key]) put(error, key, record[key], false);
  return error;
}

/** Makes an error that gets its stack from elsewhere: writing one of its own would take longer than all the rest. */
function withoutStack(make: () => Error): Error {
  const { stackTraceLimit } = Error;
  Reflect.set(Error, 'stackTraceLimit', 0);
  const error = make();
  Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
  return error;
}

/** The names of the classes of `error`, without one of an application that is called as a built-in is. */
function classesOf(error: Error): string[] {
  const names: string[] = [];
  for (let at: object | null = Object.getPrototypeOf(error); at !== null; at = Object.getPrototypeOf(at)) {
    if (!Object.hasOwn(at, 'constructor')) continue;
    const { constructor } = at;
    const { name } = constructor;
    if (name === 'Object') break;
    const builtIn = BUILT_INS.get(name);
    if (builtIn === undefined || builtIn === constructor || isNative(constructor)) names.push(name);
  }
  return names;
}

/** `name`, `message` and `stack` are told anyway, wherever they come from. */
function isTold(error: Error, key: string): boolean {
  return (key === 'name' || key === 'message' || key === 'stack') && text(error, key) !== undefined;
}

function text(error: Error, key: 'name' | 'message' | 'stack'): string | undefined {
  const value: unknown = attempt(() => error[key]);
  return typeof value === 'string' ? value : undefined;
}

function attempt<R>(read: () => R): R | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

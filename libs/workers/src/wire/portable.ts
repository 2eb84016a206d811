import { BUILT_IN_ERRORS, type ErrorRegistry } from './error.registry.js';
import { Packer } from './packer.js';
import { type AsPlain, isPlain } from './plain.js';
import { isParcel, PARCEL } from './tag.js';
import { Unpacker } from './unpacker.js';
import { UnreadableError } from './wire.errors.js';

/**
 * What a border keeps by itself. `json`: null, booleans, finite numbers, texts, arrays and plain objects, as JSON has them. `clone`: what
 * the structured clone keeps, through a MessagePort or `node:v8`.
 */
export type Form = 'json' | 'clone';

export interface PackOptions {
  /** Whether an object of a class may travel as its own data, because the far side builds it again. @default none may */
  readonly asPlain?: AsPlain;
  /** What the value is called in a refusal. @default 'payload' */
  readonly called?: string;
}

/**
 * The wire: everything about a value that crosses to a thread or a child process, in either direction.
 *
 * A value is `plain` (the border keeps it as it is, and it is handed back untouched), `tagged` (a copy in which each part that the border
 * would change is written as something it keeps) or refused. A copy travels inside a parcel, `{ "$wire": ... }`, so the far side sees
 * by one look at the root whether there is anything to undo; a frame carries packed values wherever it likes.
 *
 * Promises: what `unpack` gives is what `pack` took, with the same prototypes, for plain objects (without a prototype too), arrays (also
 * sparse, also with properties), texts of any characters, all numbers, bigint, undefined, Date, Map, Set, RegExp, URL, Buffer,
 * ArrayBuffer, typed arrays, DataView and errors; all else is a `NotPortableError` that names the path. Under `clone` an object that is
 * reached by two ways arrives as one, cycles included.
 *
 * Does not promise: that `json` knows it too (there it arrives twice; a cycle is refused), or that two views of one memory still share it.
 * Properties that are not enumerable or hang on a Buffer or typed array stay behind, and so does being frozen. A getter is read, and what
 * it gave travels. An error arrives as far as the registry can build it, and leaves out what cannot cross.
 *
 * Invariant: the value that is packed is never changed; what has been received is, by `unpack`, in place.
 *
 * @throws NotPortableError
 */
export function pack(value: unknown, form: Form, options: PackOptions = USUAL): unknown {
  const { asPlain = noClass } = options;
  if (looksPlain(value, form, asPlain)) return value;
  return { [PARCEL]: new Packer(form, asPlain, options.called ?? 'payload').packRoot(value) };
}

/**
 * What `pack` took, from what arrived. Errors become the classes that `errors` knows.
 *
 * @throws UnreadableError when `packed` was not written by `pack`
 */
export function unpack(packed: unknown, errors: ErrorRegistry = BUILT_IN_ERRORS): unknown {
  if (!isParcel(packed)) return packed;
  try {
    return new Unpacker(errors).unpack(packed[PARCEL]);
  } catch (cause) {
    throw new UnreadableError({ cause });
  }
}

const USUAL: PackOptions = {};

function noClass(): boolean {
  return false;
}

/** What throws when it is looked at is not plain; the packer finds out where. */
function looksPlain(value: unknown, form: Form, asPlain: AsPlain): boolean {
  try {
    return isPlain(value, form, asPlain) && !isParcel(value);
  } catch {
    return false;
  }
}

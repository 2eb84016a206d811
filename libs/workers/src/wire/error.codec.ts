import { asError } from '../message/fault.js';
import { type Form, pack } from './portable.js';

/**
 * What was thrown, packed for a border of `form`; `unpack` is the way back.
 *
 * An error crosses with its name, message, stack, own properties and causes; what of it cannot cross is left out and listed in its
 * `notPortable` on the far side. Anything else that was thrown crosses as it is, or, when it cannot, as an error that shows it.
 *
 * Never throws.
 */
export function encodeError(thrown: unknown, form: Form): unknown {
  try {
    return pack(thrown, form);
  } catch {
    return pack(asError(thrown), form);
  }
}

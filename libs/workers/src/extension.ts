/**
 * For packages that bring channels of their own, such as the outbox: what the house lends them. Applications need nothing of it.
 */
export { pack, unpack, type PackOptions } from './wire/portable.js';
export { encodeError } from './wire/error.codec.js';
export type { Clock, Timer } from './lifecycle/clock.js';
export { SystemClock } from './lifecycle/clock.js';

// The shop window, room by room.

export type * from './store/store.js';
export { StoreOutdatedError, StoreTooNewError, StoreUnreachableError } from './store/store.errors.js';

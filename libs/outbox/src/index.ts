// The shop window, room by room.

export { OUTBOX_MODULE_OPTIONS, OutboxModule, type OutboxOptionsFactory } from './outbox.module.js';
export type { OutboxModuleOptions, PruneOptions } from './outbox.options.js';
export { type Added, type AddOptions, Outbox } from './outbox.service.js';
export { NotDurableError, TransactionInvalidError } from './outbox.errors.js';

export { durable, type DurableDeclaration } from './channel/durable.js';
export type { DurableOptions } from './channel/durable.options.js';
export type { Backoff, RetryOptions } from './channel/retry.js';
export {
  ClaimLostError,
  DurableTakenError,
  MessageBuriedError,
  OutboxMissingError,
  ResultNotKeptError,
} from './channel/channel.errors.js';

export { DEAD_LETTER_REASONS, type DeadLetterReason } from './store/dead.letter.reason.js';
export {
  type DeadLetter,
  type DeadLetterFailure,
  type DeadLetterPage,
  type DeadLetterQuery,
  DeadLetters,
} from './dead/dead.letters.js';
export { DeadLetterUnknownError } from './dead/dead.errors.js';

export type { RelayOptions } from './relay/relay.options.js';
export type { Store, Transaction } from './store/store.js';
export { StoreOutdatedError, StoreTooNewError, StoreUnreachableError } from './store/store.errors.js';

/**
 * For packages that stand on the outbox, such as the workflows: what it lends them. Applications need nothing of it, and it may change with
 * any minor version.
 */
export { resolveDurableOptions } from './channel/durable.options.js';
export { Envelope } from './channel/envelope.js';
export { type Round, Rounds } from './relay/rounds.js';
export { OutboxHouse } from './outbox.house.js';
export type { Annex, AppendingPart, Change, Ledger, OwnTransaction } from './store/annex.js';
export type { Appended, Claimed, Migrations, NewMessage, Rows, Seat, Store, Transaction } from './store/store.js';

import type { Appended, NewMessage, Transaction } from './store.js';

/** How the tables of a store are called, as far as a writer must know who has a transaction in their database: plain data. */
export type Whereabouts =
  | { readonly store: 'sqlite'; readonly prefix: string }
  | { readonly store: 'postgres'; readonly schema: string; readonly notifiesInTransaction: boolean };

/** What of a store needs a transaction of the user's and nothing else. */
export interface Writer {
  /** Runs its SQL before it first awaits. */
  append(messages: readonly NewMessage[], within: Transaction): Promise<readonly Appended[]>;
  /** True when `key` is new. A promise only where the transaction gives one. */
  once(key: string, within: Transaction): boolean | Promise<boolean>;
}

import { TransactionInvalidError } from '../outbox.errors.js';
import type { Transaction } from '../store/store.js';

/**
 * What the user's data library calls a transaction, as the store sees it.
 *
 * @throws TransactionInvalidError when `handle` is none, or is not in one
 */
export function transactionOf(handle: object, storeKind: string): Transaction {
  if ('run' in handle && 'dialect' in handle) return handle as Transaction;
  throw new TransactionInvalidError(handle.constructor.name, `The store is ${storeKind}.`);
}

import { TransactionInvalidError } from '../outbox.errors.js';
import { can, type Library } from './library.js';

/**
 * The `TransactionHost` of @nestjs-cls/transactional, which carries the transaction of the current call; of whatever library that is. It
 * is asked first whether there is one, because it gives a plain connection when there is none.
 */
export const nestjsCls: Library = {
  accepted: 'the TransactionHost of @nestjs-cls/transactional inside @Transactional()',
  read: (handle, read) => {
    if (!can(handle, 'withTransaction', 'isTransactionActive')) return undefined;
    const host = handle as unknown as { readonly tx: object; isTransactionActive(): boolean };
    if (host.isTransactionActive()) return read(host.tx);
    throw new TransactionInvalidError(
      'a TransactionHost of @nestjs-cls/transactional without an active transaction',
      'Call it inside a method with @Transactional(), or inside host.withTransaction(...).',
    );
  },
};

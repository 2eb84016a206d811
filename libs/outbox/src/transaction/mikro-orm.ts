import { TransactionInvalidError } from '../outbox.errors.js';
import { can, type Library } from './library.js';

/** An EntityManager of MikroORM for an SQL database. Its transactions are those of Knex (to version 6) or of Kysely (from 7 on). */
export const mikroOrm: Library = {
  accepted: 'the EntityManager of a MikroORM transaction',
  read: (handle, read) => {
    if (!can(handle, 'isInTransaction', 'getTransactionContext', 'flush')) return undefined;
    const manager = handle as unknown as { getTransactionContext(): object | undefined };
    const context = manager.getTransactionContext();
    if (context !== undefined) return read(context);
    throw new TransactionInvalidError(
      'an EntityManager of MikroORM that is not in a transaction',
      'Give the em of em.transactional(async (em) => { ... }), or begin one.',
    );
  },
};

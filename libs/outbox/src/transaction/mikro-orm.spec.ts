import createKnex from 'knex';
import { expect, it, onTestFinished } from 'vitest';
import { transactionOf } from './transaction.js';

/** Stands for an EntityManager of MikroORM, as far as it is asked. */
function manager(context?: object) {
  return { isInTransaction: () => context !== undefined, getTransactionContext: () => context, flush: async () => {} };
}

it('takes the transaction that an EntityManager of MikroORM has from Knex or Kysely', () => {
  const knex = createKnex({ client: 'pg' });
  onTestFinished(() => knex.destroy());
  expect(() => transactionOf(manager(knex), 'postgres')).toThrow('got a Knex that is not in a transaction');
});

it('refuses an EntityManager of MikroORM that is not in a transaction', () => {
  expect(() => transactionOf(manager(), 'postgres')).toThrow('got an EntityManager of MikroORM that is not in a');
});

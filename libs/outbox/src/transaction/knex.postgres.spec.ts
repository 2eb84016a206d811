import createKnex, { type Knex } from 'knex';
import { postgresData } from './fixtures/postgres.data.js';
import { inTurn, transactionContract, undone } from './transaction.contract.js';

async function fresh() {
  const { connectionString, store, close } = postgresData();
  const knex = createKnex({
    client: 'pg',
    connection: connectionString,
    // As those have who write their columns in camel case.
    postProcessResponse: (response: { rows?: object[] }) => ({ ...response, rows: response.rows?.map(() => ({})) }),
  });
  return {
    knex,
    store,
    bare: { 'a Knex': knex },
    close: async () => {
      await knex.destroy();
      await close();
    },
  };
}

transactionContract('Knex on PostgreSQL', {
  seesCommit: true,
  seesEnd: true,
  fresh: async () => {
    const bench = await fresh();
    return {
      ...bench,
      transaction: (works, end = 'commit') => bench.knex.transaction((trx) => inTurn(works, trx, end)).catch(undone),
    };
  },
});

transactionContract('Knex, in a savepoint of a transaction without a callback', {
  seesCommit: true,
  seesEnd: true,
  fresh: async () => {
    const bench = await fresh();
    return {
      ...bench,
      transaction: async (works, end = 'commit') => {
        const outer: Knex.Transaction = await bench.knex.transaction();
        const done = await outer
          .transaction((trx) => inTurn(works, trx, 'commit'))
          .catch(async (error: unknown) => {
            await outer.rollback();
            throw error;
          });
        await (end === 'commit' ? outer.commit() : outer.rollback());
        return done;
      },
    };
  },
});

import { CamelCasePlugin, Kysely, PostgresDialect } from 'kysely';
import { Pool } from 'pg';
import { postgresData } from './fixtures/postgres.data.js';
import { inTurn, transactionContract, undone } from './transaction.contract.js';

async function fresh() {
  const { connectionString, store, close } = postgresData();
  const db = new Kysely<object>({
    dialect: new PostgresDialect({ pool: new Pool({ connectionString }) }),
    plugins: [new CamelCasePlugin()],
  });
  return {
    db,
    store,
    bare: { 'a Kysely': db },
    close: async () => {
      await db.destroy();
      await close();
    },
  };
}

transactionContract('Kysely on PostgreSQL', {
  seesCommit: false,
  seesEnd: false,
  fresh: async () => {
    const bench = await fresh();
    return {
      ...bench,
      transaction: (works, end = 'commit') =>
        bench.db
          .transaction()
          .execute((trx) => inTurn(works, trx, end))
          .catch(undone),
    };
  },
});

transactionContract('Kysely, controlled', {
  seesCommit: false,
  seesEnd: true,
  fresh: async () => {
    const bench = await fresh();
    return {
      ...bench,
      transaction: async (works, end = 'commit') => {
        const trx = await bench.db.startTransaction().execute();
        try {
          const done = await inTurn(works, trx, end);
          await trx.commit().execute();
          return done;
        } catch (error) {
          await trx.rollback().execute();
          return undone(error);
        }
      },
    };
  },
});

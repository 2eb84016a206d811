import { drizzle } from 'drizzle-orm/node-postgres';
import { Pool } from 'pg';
import { postgresData } from './fixtures/postgres.data.js';
import { inTurn, transactionContract, undone } from './transaction.contract.js';

transactionContract('Drizzle on PostgreSQL', {
  seesCommit: true,
  seesEnd: true,
  fresh: async () => {
    const { connectionString, store, close } = postgresData();
    const pool = new Pool({ connectionString });
    const db = drizzle(pool);
    return {
      store,
      bare: { 'a Drizzle': db },
      transaction: (works, end = 'commit') => db.transaction((tx) => inTurn(works, tx, end)).catch(undone),
      close: async () => {
        await pool.end();
        await close();
      },
    };
  },
});

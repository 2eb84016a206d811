import { Client, Pool } from 'pg';
import { postgresData } from './fixtures/postgres.data.js';
import { inTurn, transactionContract, undone } from './transaction.contract.js';

transactionContract('pg', {
  seesCommit: true,
  seesEnd: true,
  fresh: async () => {
    const { connectionString, store, close } = postgresData();
    const pool = new Pool({ connectionString });
    const client = await pool.connect();
    return {
      store,
      bare: { 'a pool': pool, 'a client': client, 'a client that is not connected': new Client({ connectionString }) },
      transaction: async (works, end = 'commit') => {
        await client.query('begin');
        try {
          const done = await inTurn(works, client, end);
          await client.query('commit');
          return done;
        } catch (error) {
          await client.query('rollback');
          return undone(error);
        }
      },
      close: async () => {
        client.release();
        await pool.end();
        await close();
      },
    };
  },
});

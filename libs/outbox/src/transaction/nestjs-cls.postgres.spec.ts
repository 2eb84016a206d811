import { type TransactionalAdapter, TransactionHost } from '@nestjs-cls/transactional';
import { ClsServiceManager } from 'nestjs-cls';
import { Pool, type PoolClient } from 'pg';
import { postgresData } from './fixtures/postgres.data.js';
import { inTurn, transactionContract, undone, type Work } from './transaction.contract.js';

type Handle = Pool | PoolClient;

/** The adapter of a user who has pg and nothing else. */
const adapter: TransactionalAdapter<Pool, Handle, object> = {
  optionsFactory: (pool) => ({
    getFallbackInstance: () => pool,
    wrapWithTransaction: async (_, work, setTx) => {
      const client = await pool.connect();
      await client.query('begin');
      try {
        setTx(client);
        const done: unknown = await work();
        await client.query('commit');
        return done;
      } catch (error) {
        await client.query('rollback');
        throw error;
      } finally {
        client.release();
      }
    },
  }),
};

transactionContract('@nestjs-cls/transactional', {
  seesCommit: true,
  seesEnd: true,
  fresh: async () => {
    const { connectionString, store, close } = postgresData();
    const pool = new Pool({ connectionString });
    const host = new TransactionHost<typeof adapter>({
      ...adapter.optionsFactory(pool, []),
      connectionName: undefined,
      enableTransactionProxy: false,
      defaultTxOptions: {},
      extraProviderTokens: [],
    });
    return {
      store,
      bare: { 'a host': host },
      transaction: <T>(works: readonly Work<T>[], end: 'commit' | 'rollback' = 'commit'): Promise<T[]> =>
        ClsServiceManager.getClsService()
          .run(() => host.withTransaction<T[]>(() => inTurn(works, host, end)))
          .catch(undone),
      close: async () => {
        await pool.end();
        await close();
      },
    };
  },
});

import { DataSource } from 'typeorm';
import { postgresData } from './fixtures/postgres.data.js';
import { inTurn, transactionContract, undone } from './transaction.contract.js';

async function fresh() {
  const { connectionString, store, close } = postgresData();
  const dataSource = await new DataSource({ type: 'postgres', url: connectionString }).initialize();
  const runner = dataSource.createQueryRunner();
  return {
    dataSource,
    store,
    bare: {
      'a data source': dataSource,
      'its manager': dataSource.manager,
      'a query runner': runner,
      'its manager too': runner.manager,
    },
    close: async () => {
      await dataSource.destroy();
      await close();
    },
  };
}

transactionContract('TypeORM on PostgreSQL, by its manager', {
  seesCommit: true,
  seesEnd: true,
  fresh: async () => {
    const bench = await fresh();
    return {
      ...bench,
      transaction: (works, end = 'commit') =>
        bench.dataSource.transaction((manager) => inTurn(works, manager, end)).catch(undone),
    };
  },
});

transactionContract('TypeORM on PostgreSQL, in a savepoint', {
  seesCommit: true,
  seesEnd: true,
  fresh: async () => {
    const bench = await fresh();
    return {
      ...bench,
      transaction: (works, end = 'commit') =>
        bench.dataSource
          .transaction(async (manager) => {
            const done = await manager.transaction((inner) => inTurn(works.slice(0, 1), inner, 'commit'));
            return inTurn([async () => done[0] as never, ...works.slice(1)], manager, end);
          })
          .catch(undone),
    };
  },
});

transactionContract('TypeORM on PostgreSQL, by a query runner', {
  seesCommit: true,
  seesEnd: true,
  fresh: async () => {
    const bench = await fresh();
    return {
      ...bench,
      transaction: async (works, end = 'commit') => {
        const runner = bench.dataSource.createQueryRunner();
        await runner.startTransaction();
        try {
          const done = await inTurn(works, runner, end);
          await runner.commitTransaction();
          return done;
        } catch (error) {
          await runner.rollbackTransaction();
          return undone(error);
        } finally {
          await runner.release();
        }
      },
    };
  },
});

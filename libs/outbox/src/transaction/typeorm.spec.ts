import Libsql from 'libsql';
import { DataSource } from 'typeorm';
import { sqliteData } from './fixtures/sqlite.data.js';
import { inTurn, transactionContract, undone } from './transaction.contract.js';

transactionContract('TypeORM on SQLite', {
  seesCommit: true,
  seesEnd: true,
  fresh: async () => {
    const { file, store, close } = await sqliteData();
    const dataSource = new DataSource({ type: 'better-sqlite3', database: file, driver: Libsql });
    await dataSource.initialize();
    return {
      store,
      bare: { 'a data source': dataSource, 'its manager': dataSource.manager },
      transaction: (works, end = 'commit') =>
        dataSource.transaction((manager) => inTurn(works, manager, end)).catch(undone),
      close: async () => {
        await dataSource.destroy();
        await close();
      },
    };
  },
});

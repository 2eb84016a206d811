import { DatabaseSync as NodeDatabase } from './fixtures/node.sqlite.js';
import { sqliteData } from './fixtures/sqlite.data.js';
import { inTurn, transactionContract, undone, Undone, type Work } from './transaction.contract.js';

transactionContract('libsql, in a function', {
  seesCommit: false,
  seesEnd: true,
  fresh: async () => {
    const { connect, store, close } = await sqliteData();
    const database = connect();
    return {
      store,
      bare: { 'a database': database },
      transaction: async <T>(works: readonly Work<T>[], end = 'commit') => {
        let pending: Promise<T>[] = [];
        const run = database.transaction(() => {
          pending = works.map((work) => work(database));
          if (end === 'rollback') throw new Undone();
        });
        try {
          run();
        } catch (error) {
          if (!(error instanceof Undone)) throw error;
        }
        return Promise.all(pending);
      },
      close,
    };
  },
});

transactionContract('libsql, by BEGIN and COMMIT', {
  seesCommit: false,
  seesEnd: true,
  fresh: async () => {
    const { connect, store, close } = await sqliteData();
    const database = connect();
    return { store, bare: { 'a database': database }, transaction: begun(database), close };
  },
});

if (NodeDatabase !== undefined) {
  const Database = NodeDatabase;
  transactionContract('node:sqlite', {
    seesCommit: false,
    seesEnd: true,
    fresh: async () => {
      const { file, store, close } = await sqliteData();
      const database = new Database(file);
      database.exec('pragma busy_timeout = 5000');
      return {
        store,
        bare: { 'a database': database },
        transaction: begun(database),
        close: async () => {
          database.close();
          await close();
        },
      };
    },
  });
}

function begun(database: { exec(sql: string): unknown }) {
  return async <T>(works: readonly Work<T>[], end: 'commit' | 'rollback' = 'commit'): Promise<T[]> => {
    database.exec('begin immediate');
    try {
      const done = await inTurn(works, database, end);
      database.exec('commit');
      return done;
    } catch (error) {
      database.exec('rollback');
      return undone(error);
    }
  };
}

import { BetterSQLiteSession } from 'drizzle-orm/better-sqlite3/session';
import { BaseSQLiteDatabase, SQLiteSyncDialect } from 'drizzle-orm/sqlite-core';
import { drizzle } from 'drizzle-orm/sqlite-proxy';
import { sqliteData } from './fixtures/sqlite.data.js';
import { inTurn, transactionContract, undone, Undone } from './transaction.contract.js';

transactionContract('Drizzle on SQLite, synchronous', {
  seesCommit: false,
  seesEnd: true,
  fresh: async () => {
    const { connect, store, close } = await sqliteData();
    // What `drizzle-orm/better-sqlite3` does, whose entry loads a driver that is not there.
    const dialect = new SQLiteSyncDialect();
    const session = new BetterSQLiteSession(connect(), dialect, undefined);
    const db = new BaseSQLiteDatabase('sync', dialect, session as never, undefined);
    return {
      store,
      bare: { 'a Drizzle': db },
      transaction: async <T>(works: readonly ((handle: object) => Promise<T>)[], end = 'commit') => {
        let pending: Promise<T>[] = [];
        try {
          db.transaction((tx) => {
            pending = works.map((work) => work(tx));
            if (end === 'rollback') throw new Undone();
          });
        } catch (error) {
          if (!(error instanceof Undone)) throw error;
        }
        return Promise.all(pending);
      },
      close,
    };
  },
});

transactionContract('Drizzle on SQLite, asynchronous', {
  seesCommit: false,
  seesEnd: false,
  fresh: async () => {
    const { connect, store, close } = await sqliteData();
    const database = connect();
    const db = drizzle(async (sql, parameters) => {
      const statement = database.prepare(sql);
      if (statement.reader) return { rows: statement.all(parameters) };
      statement.run(parameters);
      return { rows: [] };
    });
    return {
      store,
      bare: { 'a Drizzle': db },
      transaction: (works, end = 'commit') => db.transaction((tx) => inTurn(works, tx, end)).catch(undone),
      close,
    };
  },
});

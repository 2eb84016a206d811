import createKnex from 'knex';
import Libsql from 'libsql';
import { createRequire } from 'node:module';
import { sqliteData } from './fixtures/sqlite.data.js';
import { inTurn, transactionContract, undone } from './transaction.contract.js';

const BetterSqliteClient = createRequire(import.meta.url)('knex/lib/dialects/better-sqlite3/index.js') as new (
  config: object,
) => object;

/** Knex's client for better-sqlite3, with a driver that does the same. */
class LibsqlClient extends BetterSqliteClient {
  _driver() {
    return Libsql;
  }
}

transactionContract('Knex on SQLite', {
  seesCommit: true,
  seesEnd: true,
  fresh: async () => {
    const { file, store, close } = await sqliteData();
    const knex = createKnex({ client: LibsqlClient as never, connection: { filename: file }, useNullAsDefault: true });
    return {
      store,
      bare: { 'a Knex': knex },
      transaction: (works, end = 'commit') => knex.transaction((trx) => inTurn(works, trx, end)).catch(undone),
      close: async () => {
        await knex.destroy();
        await close();
      },
    };
  },
});

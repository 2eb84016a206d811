import { Kysely, SqliteDialect } from 'kysely';
import { sqliteData } from './fixtures/sqlite.data.js';
import { inTurn, transactionContract, undone } from './transaction.contract.js';

transactionContract('Kysely on SQLite', {
  seesCommit: false,
  seesEnd: false,
  fresh: async () => {
    const { connect, store, close } = await sqliteData();
    const db = new Kysely<object>({ dialect: new SqliteDialect({ database: connect() }) });
    return {
      store,
      bare: { 'a Kysely': db },
      transaction: (works, end = 'commit') =>
        db
          .transaction()
          .execute((trx) => inTurn(works, trx, end))
          .catch(undone),
      close,
    };
  },
});

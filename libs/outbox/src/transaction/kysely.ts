import { TransactionInvalidError } from '../outbox.errors.js';
import type { Rows } from '../store/store.js';
import { can, dialectOf, type Library } from './library.js';

/** A `Kysely` or a `Transaction` of it, as far as it is needed here. */
interface KyselyHandle {
  readonly isTransaction?: boolean;
  /** Of a `ControlledTransaction` only. */
  readonly isCommitted?: boolean;
  readonly isRolledBack?: boolean;
  withoutPlugins(): KyselyHandle;
  getExecutor(): { readonly adapter?: object };
  executeQuery(query: object): Promise<{ readonly rows: Rows }>;
}

/**
 * A transaction of Kysely: the callback's, or a controlled one. Its plugins are left out, which rename columns and set schemas as the
 * user's tables need it and not as ours do. Kysely itself refuses one that is over.
 */
export const kysely: Library = {
  accepted: 'a transaction of Kysely',
  read: (handle) => {
    if (!isKysely(handle)) return undefined;
    assertOpen(handle);
    const plain = handle.withoutPlugins();
    return {
      dialect: dialectOf(adapterName(handle)),
      run: async (sql, parameters) => {
        assertOpen(handle);
        return (await plain.executeQuery(compiled(sql, parameters))).rows;
      },
    };
  },
};

function isKysely(handle: unknown): handle is KyselyHandle {
  return can(handle, 'selectFrom', 'getExecutor', 'executeQuery', 'withoutPlugins');
}

function assertOpen({ isTransaction, isCommitted, isRolledBack }: KyselyHandle): void {
  if (isTransaction !== true) {
    throw new TransactionInvalidError(
      'a Kysely that is not in a transaction',
      'Give the trx of db.transaction().execute(async (trx) => { ... }), or of await db.startTransaction().execute().',
    );
  }
  if (isCommitted !== true && isRolledBack !== true) return;
  throw new TransactionInvalidError(
    `a transaction of Kysely that is ${isCommitted === true ? 'committed' : 'rolled back'}`,
    'Add before it ends.',
  );
}

/** What `CompiledQuery.raw` of Kysely makes. */
function compiled(sql: string, parameters: readonly unknown[]): object {
  return {
    sql,
    parameters,
    query: { kind: 'RawNode', sqlFragments: [sql], parameters: [] },
    queryId: { queryId: 'nestjs-workers' },
  };
}

/** `PostgresAdapter`, `SqliteAdapter`; undefined for a name that says nothing, as after a minifier. */
function adapterName(handle: KyselyHandle): string | undefined {
  return /postgres|sqlite|mysql|mssql/i.exec(handle.getExecutor().adapter?.constructor.name ?? '')?.[0].toLowerCase();
}

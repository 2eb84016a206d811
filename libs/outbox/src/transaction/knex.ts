import { TransactionInvalidError } from '../outbox.errors.js';
import type { Rows } from '../store/store.js';
import { can, dialectOf, type Library } from './library.js';
import { questionMarks } from './question.marks.js';

/** What `knex(...)` and `knex.transaction()` give, as far as it is needed here. */
interface KnexHandle {
  readonly isTransaction?: boolean;
  readonly client: KnexClient;
  /** The transaction that this one is a savepoint of. */
  readonly parentTransaction?: KnexHandle;
  /** Resolves when it is committed. */
  readonly executionPromise?: Promise<unknown>;
  isCompleted?(): boolean;
}

interface KnexClient {
  readonly dialect?: string;
  raw(sql: string, bindings: readonly unknown[]): PromiseLike<unknown>;
}

/**
 * A transaction of Knex. Its commit is seen. The user's `postProcessResponse` is left out: it renames columns for the user's tables.
 *
 * Does not promise: a text with a question mark inside SQL for SQLite; Knex has no way to escape it there.
 */
export const knex: Library = {
  accepted: 'a transaction of Knex',
  read: (handle) => {
    if (!isKnex(handle)) return undefined;
    assertOpen(handle);
    const client = Object.create(handle.client, {
      postProcessResponse: { value: (response: unknown) => response },
    }) as KnexClient;
    const dialect = dialectOf(handle.client.dialect);
    return {
      dialect,
      run: async (sql, parameters) => {
        assertOpen(handle);
        const query = dialect === 'postgres' ? questionMarks(sql, parameters) : { sql, bindings: parameters };
        return rowsOf(await client.raw(query.sql, query.bindings));
      },
      committed: outermost(handle).executionPromise,
    };
  },
};

function isKnex(handle: unknown): handle is KnexHandle {
  return typeof handle === 'function' && can(handle, 'raw', 'transaction') && can(asKnex(handle).client, 'raw');
}

function asKnex(handle: unknown): KnexHandle {
  return handle as KnexHandle;
}

function assertOpen(handle: KnexHandle): void {
  if (handle.isTransaction !== true) {
    throw new TransactionInvalidError(
      'a Knex that is not in a transaction',
      'Give the trx of knex.transaction(async (trx) => { ... }), or of await knex.transaction().',
    );
  }
  if (handle.isCompleted?.() === true)
    throw new TransactionInvalidError('a transaction of Knex that is over', 'Add before it ends.');
}

function outermost(handle: KnexHandle): KnexHandle {
  return handle.parentTransaction === undefined ? handle : outermost(handle.parentTransaction);
}

/** An array with SQLite, the result of the driver with PostgreSQL; something else for a statement that returns no rows. */
function rowsOf(response: unknown): Rows {
  if (Array.isArray(response)) return response as Rows;
  const { rows } = Object(response) as { readonly rows?: unknown };
  return Array.isArray(rows) ? (rows as Rows) : [];
}

import { TransactionInvalidError } from '../outbox.errors.js';
import type { Rows } from '../store/store.js';
import { can, dialectOf, type Library } from './library.js';
import { assertBegun, clientTransaction, isClient } from './pg.js';
import { isDatabase } from './sqlite.js';

/** A database or a transaction of Drizzle, as far as it is needed here. */
interface DrizzleHandle {
  /** The connection: of pg, of better-sqlite3, or of something else that is not looked into. */
  readonly session: { readonly client?: unknown };
  /** With PostgreSQL. */
  execute?(query: object): PromiseLike<Rows | { readonly rows?: Rows }>;
  /** With SQLite. */
  all?(query: object): PromiseLike<Rows> | Rows;
}

/**
 * A transaction of Drizzle on PostgreSQL or SQLite, whatever its driver. With a synchronous driver it is synchronous. Whether it is over,
 * and when it commits, is known from the driver below, where that is pg.
 */
export const drizzle: Library = {
  accepted: 'a transaction of Drizzle',
  read: (handle, read) => {
    const kinds = kindsOf(handle);
    if (!kinds.some((kind) => /Transaction$|Database$/.test(kind)) || !isDrizzle(handle)) return undefined;
    if (!kinds.some((kind) => kind.endsWith('Transaction'))) {
      throw new TransactionInvalidError(
        `a Drizzle database (${kinds[0]}) that is not in a transaction`,
        'Give the tx of db.transaction(async (tx) => { ... }).',
      );
    }
    const { client } = handle.session;
    if (isDatabase(client)) return read(client);
    const below = isClient(client) ? clientTransaction(client) : undefined;
    return {
      dialect: dialectOf(kinds.find((kind) => /^(pg|.*sqlite|.*mysql)/i.test(kind))),
      run: async (sql, parameters) => {
        if (isClient(client)) assertBegun(client);
        const query = written(sql, parameters);
        const result = await (can(handle, 'execute') ? handle.execute?.(query) : handle.all?.(query));
        return Array.isArray(result)
          ? (result as Rows)
          : ((result as { readonly rows?: Rows } | undefined)?.rows ?? []);
      },
      committed: below?.committed,
    };
  },
};

function isDrizzle(handle: object): handle is DrizzleHandle {
  return can(handle, 'transaction', 'select') && typeof (handle as Partial<DrizzleHandle>).session === 'object';
}

const ENTITY_KIND = Symbol.for('drizzle:entityKind');

/** How Drizzle names its classes, whatever a minifier made of them: the class of `handle` first, then those it extends. */
function kindsOf(handle: object): string[] {
  const kinds: string[] = [];
  let prototype = Object.getPrototypeOf(handle) as object | null;
  for (; prototype !== null; prototype = Object.getPrototypeOf(prototype) as object | null) {
    const { constructor } = prototype as { readonly constructor?: object };
    const kind =
      constructor !== undefined && Object.hasOwn(constructor, ENTITY_KIND) && Reflect.get(constructor, ENTITY_KIND);
    if (typeof kind === 'string') kinds.push(kind);
  }
  return kinds;
}

/** What the template `sql` of Drizzle makes, with the text written already. */
function written(sql: string, parameters: readonly unknown[]): object {
  const text = { getSQL: () => text, toQuery: () => ({ sql, params: [...parameters] }) };
  return text;
}

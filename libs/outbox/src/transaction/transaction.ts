import { shown } from '@nestjs-workers/core/extension';
import { TransactionInvalidError } from '../outbox.errors.js';
import { pinned } from '../postgres/postgres.pin.js';
import type { Transaction } from '../store/store.js';
import { drizzle } from './drizzle.js';
import { knex } from './knex.js';
import { kysely } from './kysely.js';
import type { Library, LibraryTransaction } from './library.js';
import { mikroOrm } from './mikro-orm.js';
import { nestjsCls } from './nestjs-cls.js';
import { pg } from './pg.js';
import { prisma } from './prisma.js';
import { sqlite } from './sqlite.js';
import { typeorm } from './typeorm.js';

/** In the order in which they are asked: what looks like a plain connection is asked last. */
const LIBRARIES: readonly Library[] = [nestjsCls, prisma, typeorm, mikroOrm, kysely, knex, drizzle, sqlite, pg];

/**
 * What the user's data library calls a transaction, as the store sees it.
 *
 * Promises: a handle that is knowably in no transaction is refused, and so is one of another kind of database than the store's. Nothing
 * of the user's library is loaded.
 * Does not promise: to notice a transaction that is over where the library itself does not know.
 *
 * @throws TransactionInvalidError when `handle` is none, or is not in one
 */
export function transactionOf(handle: object, storeKind: string): Transaction {
  const own = isTransaction(handle) ? handle : undefined;
  const found = own ?? read(handle);
  const dialect = found.dialect ?? storeKind;
  if (dialect !== storeKind) {
    throw new TransactionInvalidError(
      `one of ${dialect} for a store of kind ${storeKind}`,
      'What is to be committed together must lie in one database. Give the transaction of the database that the store is in, or a store for this one.',
    );
  }
  const { committed, hold = () => () => isOpen(handle, storeKind, found) } = found;
  return own ?? { dialect, run: (sql, parameters) => found.run(sql, parameters), committed, hold };
}

/** The same transaction for what is written later: where statements wait in line, its database says whether it is still the same. */
export async function pinOf(within: Transaction): Promise<Transaction> {
  return within.dialect === 'postgres' ? pinned(within) : within;
}

/** Whether what is open on `handle` now is what was open then, as far as that can be told. */
function isOpen(handle: object, storeKind: string, { committed }: LibraryTransaction): boolean {
  try {
    return transactionOf(handle, storeKind).committed === committed;
  } catch (error) {
    if (error instanceof TransactionInvalidError) return false;
    throw error;
  }
}

function read(handle: object): LibraryTransaction {
  for (const library of isAsked(handle) ? LIBRARIES : []) {
    const found = library.read(handle, read);
    if (found !== undefined) return found;
  }
  throw new TransactionInvalidError(
    named(handle),
    `What is taken: ${LIBRARIES.map(({ accepted }) => accepted).join('; ')}.`,
  );
}

/** In JavaScript anything may have been given. */
function isAsked(handle: unknown): boolean {
  return typeof handle === 'function' || (typeof handle === 'object' && handle !== null);
}

/** One of `fromSqlite`, `memoryTransaction`, or of the user's own making. */
function isTransaction(handle: unknown): handle is Transaction {
  const { dialect, run } = Object(handle) as Partial<Transaction>;
  return typeof dialect === 'string' && typeof run === 'function';
}

function named(handle: unknown): string {
  if (typeof handle === 'function') return `a function${handle.name === '' ? '' : ` (${handle.name})`}`;
  if (typeof handle !== 'object' || handle === null) return shown(handle);
  const { name } = Object(handle.constructor) as { readonly name?: unknown };
  return typeof name === 'string' && name !== '' && name !== 'Object' ? `a ${name}` : 'an object';
}

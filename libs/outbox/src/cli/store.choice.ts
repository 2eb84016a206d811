import { existsSync } from 'node:fs';
import { type CommandOptions, type Given, UsageError } from '@nestjs-workers/core/cli';
import type { Store } from '../store/store.js';

/** How a command is told which store it is about. */
export const STORE_OPTIONS: CommandOptions = {
  url: {
    value: 'postgres://...',
    about: 'The store in this PostgreSQL database. Without it and --sqlite: DATABASE_URL.',
  },
  schema: { value: 'name', about: 'The schema of its tables. Default: nestjs_workers.' },
  sqlite: { value: 'file', about: 'The store in this SQLite file.' },
  prefix: { value: 'text', about: 'What the names of its tables begin with. Default: nestjs_workers_.' },
};

/** How long a server may take to answer. */
const CONNECT_MS = 10_000;

/** A store that somebody named, and its name for people. */
export interface Chosen {
  readonly store: Store;
  readonly place: string;
  /** False for a SQLite file that is not there. */
  readonly isThere: boolean;
}

/**
 * Does `work` with the store that was named, and closes it.
 *
 * The drivers are loaded here and nowhere else, so that the other one need not be installed.
 *
 * @throws UsageError when none was named, or two
 */
export async function withChosen<T>(given: Given, work: (chosen: Chosen) => Promise<T>): Promise<T> {
  const chosen = await choose(given, process.env['DATABASE_URL']);
  try {
    return await work(chosen);
  } finally {
    await chosen.store.close();
  }
}

/** The same for a store whose tables have to be there and up to date. @throws StoreOutdatedError, StoreTooNewError */
export function withOpen<T>(given: Given, work: (store: Store) => Promise<T>): Promise<T> {
  return withChosen(given, async (chosen) => {
    assertThere(chosen);
    await chosen.store.open({ migrate: false });
    return work(chosen.store);
  });
}

/** Looking at a file must not make one. */
export function assertThere({ isThere, place }: Chosen): void {
  if (!isThere)
    throw new Error(`expected ${place}, and there is no such file. Mend the path, or make it with "outbox migrate".`);
}

async function choose(given: Given, databaseUrl: string | undefined): Promise<Chosen> {
  const file = given.text('sqlite');
  const url = given.text('url') ?? (file === undefined ? databaseUrl : undefined);
  if (file !== undefined && given.has('url'))
    throw new UsageError('expected --url or --sqlite, got both. Keep one of them.');
  if (file !== undefined) return sqlite(file, given);
  if (url === undefined)
    throw new UsageError('expected a store, got none. Say --url postgres://..., --sqlite <file>, or set DATABASE_URL.');
  return postgres(url, given);
}

async function sqlite(file: string, given: Given): Promise<Chosen> {
  refuse(given, 'schema', '--sqlite', 'prefix');
  const prefix = given.text('prefix');
  const { sqliteStore } = await import('../sqlite/index.js');
  const store = checked(() => sqliteStore({ file, ...(prefix === undefined ? {} : { prefix }) }));
  return { store, place: `SQLite file ${file}`, isThere: existsSync(file) };
}

async function postgres(url: string, given: Given): Promise<Chosen> {
  refuse(given, 'prefix', '--url', 'schema');
  // The address is not shown: it has a password in it.
  if (!/^postgres(ql)?:\/\//.test(url))
    throw new UsageError(
      `${given.has('url') ? '--url' : 'DATABASE_URL'}: expected postgres://..., got something else. For a SQLite file say --sqlite <file>.`,
    );
  const schema = given.text('schema');
  const { postgresStore } = await import('../postgres/index.js');
  const config = { max: 2, connectionTimeoutMillis: CONNECT_MS, application_name: 'nestjs-workers command line' };
  const store = checked(() =>
    // Through a pooler that does not know prepared statements it works as well.
    postgresStore({ connectionString: url, config, prepare: false, ...(schema === undefined ? {} : { schema }) }),
  );
  return { store, place: `PostgreSQL schema ${schema ?? 'nestjs_workers'}`, isThere: true };
}

function refuse(given: Given, option: string, store: string, other: string): void {
  if (given.has(option)) throw new UsageError(`--${option}: has no meaning with ${store}. Did you mean "--${other}"?`);
}

/** A name that a store refuses was given wrongly. */
function checked(make: () => Store): Store {
  try {
    return make();
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error.message) : error;
  }
}

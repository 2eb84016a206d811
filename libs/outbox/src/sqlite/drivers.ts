import { DriverNotInstalledError } from './sqlite.errors.js';
import { handleOf, type SqliteDatabase, type SqliteHandle } from './handle.js';

export type SqliteDriver = 'node:sqlite' | 'libsql' | 'better-sqlite3';

type Opener = (file: string) => Promise<SqliteDatabase>;

/** What brings nothing along is tried first. */
const DRIVERS: Readonly<Record<SqliteDriver, Opener>> = {
  'node:sqlite': async (file) => {
    const { DatabaseSync } = await load<{ DatabaseSync: new (file: string) => SqliteDatabase }>('node:sqlite');
    return new DatabaseSync(file);
  },
  libsql: async (file) => {
    const { default: Database } = await load<{ default: new (file: string) => SqliteDatabase }>('libsql');
    return new Database(file);
  },
  'better-sqlite3': async (file) => {
    const { default: Database } = await load<{ default: new (file: string) => SqliteDatabase }>('better-sqlite3');
    return new Database(file);
  },
};

/**
 * Opens `file` with the driver named, or with the first that is there.
 *
 * @throws DriverNotInstalledError
 */
export async function openFile(file: string, driver: SqliteDriver | undefined): Promise<SqliteHandle> {
  const names = driver === undefined ? (Object.keys(DRIVERS) as SqliteDriver[]) : [driver];
  let cause: unknown;
  for (const name of names) {
    try {
      return handleOf(await DRIVERS[name](file));
    } catch (error) {
      if (!isNotThere(error)) throw error;
      cause = error;
    }
  }
  throw new DriverNotInstalledError(names, { cause });
}

/** The name stands in a variable so that bundlers and compilers do not ask for what may be missing. */
async function load<T>(name: string): Promise<T> {
  return (await import(name)) as T;
}

function isNotThere(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND' || code === 'ERR_UNKNOWN_BUILTIN_MODULE';
}

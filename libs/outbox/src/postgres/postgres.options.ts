import type { PostgresPool } from './pool.js';

export interface PostgresStoreOptions {
  /** A pool of the `pg` package that the application has already. It stays open when the store is closed. */
  readonly pool?: PostgresPool;
  /** Where to connect to, for a pool of the store's own: `postgres://user:password@host/database`. */
  readonly connectionString?: string;
  /** The same as an object, as `new pg.Pool(config)` takes it; with `connectionString` it adds to it. */
  readonly config?: object;
  /**
   * The schema with the tables. Two schemas are two stores.
   *
   * @default 'nestjs_workers'
   */
  readonly schema?: string;
  /**
   * How the hosts know of one another's death. `lock`: by a lock that a connection of its own holds; it falls with the process, at once.
   * `heartbeat`: by a row that is renewed each 500 ms; for poolers that lend a connection per transaction (PgBouncer, Supavisor). It has
   * no wake-up over processes: they poll.
   *
   * @default 'lock'
   */
  readonly liveness?: 'lock' | 'heartbeat';
  /**
   * Named prepared statements, which spare the server the planning. False for a pooler that does not know them.
   *
   * @default true
   */
  readonly prepare?: boolean;
  /**
   * Wakes the workers of all processes as part of the transaction that writes. It is quicker by one round trip, and each such commit
   * waits for a lock of the whole server.
   *
   * @default false
   */
  readonly notifyInTransaction?: boolean;
}

export interface ResolvedPostgresOptions {
  readonly schema: string;
  readonly liveness: 'lock' | 'heartbeat';
  readonly prepare: boolean;
  readonly notifyInTransaction: boolean;
}

export function resolvePostgresOptions(options: PostgresStoreOptions): ResolvedPostgresOptions {
  const { schema = 'nestjs_workers', liveness = 'lock', prepare = true, notifyInTransaction = false } = options;
  // It becomes part of the names that sessions listen to, which have 63 bytes.
  if (!/^[^\0"]{1,48}$/.test(schema) || Buffer.byteLength(schema) > 48) {
    throw new TypeError(
      `postgresStore: expected schema to be a name of 1 to 48 bytes without quotes, got "${schema}".`,
    );
  }
  return Object.freeze({ schema, liveness, prepare, notifyInTransaction });
}

import { loadPostgres, type PostgresConnection, type PostgresPackage, type PostgresPool } from './pool.js';
import { SILENCE_MS } from './life.js';
import type { PostgresStoreOptions } from './postgres.options.js';

/**
 * The pool of a store, lent or made when it is needed first, and connections outside of it that are made the same way.
 *
 * Promises: an idle connection that breaks is told of and never ends the process; what was lent stays open.
 */
export class Access {
  private opened: Promise<PostgresPool> | undefined;

  constructor(
    private readonly options: PostgresStoreOptions,
    private readonly onFault: (error: Error) => void,
  ) {}

  readonly pool = (): Promise<PostgresPool> => (this.opened ??= this.open());

  /** How many the pool has at most; of one that does not say, few. */
  async connections(): Promise<number> {
    const { max } = ((await this.pool()).options ?? {}) as { readonly max?: unknown };
    return typeof max === 'number' && max >= 1 ? max : CONNECTIONS;
  }

  async connect(name: string): Promise<PostgresConnection> {
    const pool = await this.pool();
    const config = this.options.pool === undefined ? configOf(this.options) : (pool.options ?? {});
    const Client = (pool.Client as PostgresPackage['Client'] | undefined) ?? (await loadPostgres()).Client;
    return new Client({
      ...config,
      // The pool hides it from those who copy or print its options.
      ...('password' in config ? { password: config.password } : {}),
      application_name: name,
      keepAlive: true,
      keepAliveInitialDelayMillis: 2_000,
      connectionTimeoutMillis: SILENCE_MS,
    });
  }

  async close(): Promise<void> {
    const pool = await this.opened;
    this.opened = undefined;
    if (pool === undefined) return;
    if (pool === this.options.pool) pool.off('error', this.onFault);
    else await pool.end();
  }

  private async open(): Promise<PostgresPool> {
    const pool = this.options.pool ?? new (await loadPostgres()).Pool(configOf(this.options));
    pool.on('error', this.onFault);
    return pool;
  }
}

const CONNECTIONS = 4;

function configOf({ connectionString, config }: PostgresStoreOptions): object {
  const given = connectionString === undefined ? config : { ...config, connectionString };
  return { application_name: 'nestjs-workers', keepAlive: true, connectionTimeoutMillis: 10_000, ...given };
}

/**
 * What the store needs of the `pg` package, in words of its own: so its types ask nobody to install `@types/pg`, and a pool of another
 * version, or one that only looks like it, is as good.
 */
export interface PostgresPool {
  connect(): Promise<PostgresClient>;
  query(query: Query): Promise<Result>;
  end(): Promise<void>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
  /** How it connects; the store makes the connection of a seat the same way. */
  readonly options?: object;
  /** The class of its connections. */
  readonly Client?: unknown;
}

/** A connection, of a pool or by itself. */
export interface PostgresClient {
  query(query: Query): Promise<Result>;
  release(error?: Error | boolean): void;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
}

/** A connection that is nobody else's. */
export interface PostgresConnection {
  connect(): Promise<unknown>;
  query(query: Query): Promise<Result>;
  end(): Promise<void>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  on(event: 'notification', listener: (note: { readonly payload?: string }) => void): unknown;
}

export interface Query {
  readonly name?: string;
  readonly text: string;
  readonly values?: readonly unknown[];
  readonly types?: { getTypeParser(type: number): (text: string) => unknown };
}

export interface Result {
  readonly rows: readonly Row[];
}

export type Row = Readonly<Record<string, unknown>>;

/** The part of the package that is used when it has to be loaded. */
export interface PostgresPackage {
  readonly Pool: new (config: object) => PostgresPool;
  readonly Client: new (config: object) => PostgresConnection;
}

/** Loaded when it is needed, since whoever lends a pool may have it from elsewhere. */
export async function loadPostgres(): Promise<PostgresPackage> {
  try {
    const { default: pg } = (await import('pg')) as unknown as { readonly default: PostgresPackage };
    return pg;
  } catch (error) {
    throw new Error(
      'postgresStore was asked to connect, and the package "pg" cannot be loaded. Run "npm install pg", or give it a pool.',
      {
        cause: error,
      },
    );
  }
}

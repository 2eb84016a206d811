// The shop window of `@nestjs-workers/outbox/postgres`.

export { postgresStore } from './postgres.store.js';
export type { PostgresStoreOptions } from './postgres.options.js';
export type { PostgresClient, PostgresConnection, PostgresPool } from './pool.js';

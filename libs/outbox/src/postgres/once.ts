import { statement } from './statement.js';

/** $1 the ticker, $2 the due time. A row for the first one that asks; another that asks at the same time waits for its commit. */
export const tick = statement(
  'tick',
  (schema) => `
    insert into ${schema}.tick (ticker, due_at_ms, asked_at) values ($1, $2::bigint, statement_timestamp())
    on conflict do nothing returning true as is_first`,
);

/** $1 the key. */
export const once = statement(
  'once',
  (schema) => `
    insert into ${schema}.once (key, seen_at) values ($1, statement_timestamp()) on conflict do nothing returning true as is_first`,
);

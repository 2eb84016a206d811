import type { Finished } from '../store/store.js';
import type { Row } from './pool.js';
import { asNumber, asText, statement } from './statement.js';

/** $1 ids. */
export const finished = statement(
  'finished',
  (schema) => `
    select id, is_dead, result from ${schema}.finished where id = any($1::bigint[]) and expires_at > statement_timestamp()`,
);

export const finishedOf = ({ id, is_dead, result }: Row): Finished => ({
  id: asNumber(id),
  type: is_dead === true ? 'dead' : 'done',
  result: asText(result),
});

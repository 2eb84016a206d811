import type { Finished } from '../store/store.js';
import { rows } from './exchange.js';
import type { Row } from './pool.js';
import { asNumber, asText, statement } from './statement.js';

/** $1 ids. */
export const finished = statement(
  'finished',
  (schema) => `
    select id, is_dead, result from ${schema}.finished where id = any($1::bigint[]) and expires_at > statement_timestamp()`,
);

/** $1 ids. */
export const underWay = statement(
  'under_way',
  (schema) => `
    select m.id from ${rows('$1::bigint[]')} as asked(id, n) cross join lateral (
      select m.id from ${schema}.message m where m.id = asked.id limit 1
    ) m`,
);

export const finishedOf = ({ id, is_dead, result }: Row): Finished => ({
  id: asNumber(id),
  type: is_dead === true ? 'dead' : 'done',
  result: asText(result),
});

import type { Promoted } from '../store/store.js';
import type { Row } from './pool.js';
import { asNumber, statement } from './statement.js';

/** How many at most at a time; with as many there are more, and the next are due at once. */
const PROMOTED_AT_ONCE = 1_000;

/** $1 channels. Makes ready what is due, the earliest first, and says when the next one of each channel is. */
export const promote = statement(
  'promote',
  (schema) => `
    with due as (
      select m.id from unnest($1::text[]) as c(channel) cross join lateral (
        select id, due_at from ${schema}.message m
        where m.channel = c.channel and m.due_at <= statement_timestamp()
        order by m.due_at limit ${PROMOTED_AT_ONCE} for update skip locked
      ) m
      limit ${PROMOTED_AT_ONCE}
    ), promoted as (
      update ${schema}.message m set due_at = null, ready_at = m.due_at where m.id = any(array(select id from due))
      returning m.id, m.channel, m.rank, m.key
    )
    select id, channel, rank, key, null::float8 as next_ms from promoted
    union all
    select null, c.channel, null, null, (
      select greatest(0, date_part('epoch', m.due_at - statement_timestamp()) * 1000) from ${schema}.message m
      where m.channel = c.channel and m.due_at > statement_timestamp() order by m.due_at limit 1
    ) from unnest($1::text[]) as c(channel)`,
);

export function promotedOf(rows: readonly Row[]): Promoted {
  const count = rows.filter(({ id }) => id !== null).length;
  const next = rows.flatMap(({ next_ms }) => (next_ms === null ? [] : [asNumber(next_ms)]));
  if (count >= PROMOTED_AT_ONCE) return { count, nextDueMs: 0 };
  return { count, nextDueMs: next.length === 0 ? undefined : Math.min(...next) };
}

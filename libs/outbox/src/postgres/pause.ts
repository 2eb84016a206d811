import type { PausedChannel } from '../store/store.js';
import type { Row } from './pool.js';
import { asNumber, asText, msOf, statement } from './statement.js';

/** The table of the second migration: a row for each channel that no host is to claim from. */
export const pauseTable = (schema: string): string => `
create table ${schema}.pause (
  since timestamptz not null,
  channel text collate "C" primary key,
  actor text
);
`;

/** $1 the channel, $2 who wants it. A row when it was not paused. */
export const pause = statement(
  'pause',
  (schema) => `
    insert into ${schema}.pause (since, channel, actor) values (statement_timestamp(), $1, $2)
    on conflict do nothing returning true as is_new`,
);

/** $1 the channel. A row when it was paused. */
export const resume = statement(
  'resume',
  (schema) => `delete from ${schema}.pause where channel = $1 returning true as was_paused`,
);

export const paused = statement(
  'paused',
  (schema) => `select channel, ${msOf('since')} as since, actor from ${schema}.pause order by channel`,
);

export function pausedOf({ channel, since, actor }: Row): PausedChannel {
  return { channel: String(channel), sinceMs: asNumber(since), by: asText(actor) };
}

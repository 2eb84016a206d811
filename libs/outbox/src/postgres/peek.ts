import type { StoredMessage } from '../store/store.js';
import type { Row } from './pool.js';
import { asNumber, asText, statement } from './statement.js';

/** $1 the channel, $2 how many at most. Those without a key first, in the order in which they would be claimed. */
export const peek = statement(
  'peek',
  (schema) => `
    (select m.id, m.payload, m.headers, m.key, m.attempt, ${waited('m')} as waited from ${schema}.message m
      where m.channel = $1 and m.key is null and m.due_at is null and not m.is_suspect and m.host is null
      order by m.rank, m.id limit $2)
    union all
    (select m.id, m.payload, m.headers, m.key, m.attempt, ${waited('m')} as waited from ${schema}.message m
      where m.channel = $1 and m.key is not null and m.due_at is null and not m.is_suspect and m.host is null
      order by m.key, m.id limit $2)
    limit $2`,
);

export function peekedOf({ id, payload, headers, key, attempt, waited }: Row): StoredMessage {
  return {
    id: asNumber(id),
    payload: String(payload),
    headers: asText(headers),
    key: asText(key),
    attempt: asNumber(attempt),
    waitedMs: asNumber(waited),
  };
}

function waited(m: string): string {
  return `greatest(0, date_part('epoch', statement_timestamp() - ${m}.ready_at) * 1000)`;
}

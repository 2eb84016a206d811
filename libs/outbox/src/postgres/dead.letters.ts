import type { DeadLetterReason } from '../store/dead.letter.reason.js';
import type { DeadLetter, DeadLetterQuery, DeadLetterStore } from '../store/store.js';
import type { Database } from './database.js';
import type { Row } from './pool.js';
import { asNumber, asText, msOf, numbers, statement } from './statement.js';

/** $1 to $5: the query; null for what it does not ask. */
const ASKED = `($1::text is null or d.channel = $1) and ($2::bigint[] is null or d.id = any($2)) and ($3::text is null or d.reason = $3)
  and ($4::float8 is null or d.dead_at >= to_timestamp($4::float8 / 1000)) and ($5::float8 is null or d.dead_at <= to_timestamp($5::float8 / 1000))`;

/** $6 how many, $7 the last one of the page before. */
const find = statement(
  'find_dead',
  (schema) => `
    select d.*, ${msOf('d.created_at')} as created, ${msOf('d.dead_at')} as died from ${schema}.dead d
    where ${ASKED} and ($7::bigint is null or (d.dead_at, d.id) < (select dead_at, id from ${schema}.dead where id = $7))
    order by d.dead_at desc, d.id desc limit $6::int`,
);

const count = statement('count_dead', (schema) => `select count(*) as count from ${schema}.dead d where ${ASKED}`);

const discard = statement('discard_dead', (schema) => `delete from ${schema}.dead d where ${ASKED} returning d.id`);

/** $6 another payload, null for the one it had. Its attempts and crashes begin anew; its claims only grow. */
const retry = statement(
  'retry_dead',
  (schema) => `
    with gone as (delete from ${schema}.dead d where ${ASKED} returning d.*),
    unsaid as (delete from ${schema}.finished where id in (select id from gone))
    insert into ${schema}.message
      (id, created_at, ready_at, claims, rank, wants_result, channel, key, payload, headers, history)
    select id, created_at, statement_timestamp(), claims, rank, wants_result, channel, key, coalesce($6::text, payload), headers, history
    from gone order by id
    returning id, channel, rank, key`,
);

/** Where messages rest that nobody tries again by himself. A page after one that is dead no more is empty. */
export class PostgresDeadLetters implements DeadLetterStore {
  constructor(
    private readonly database: Database,
    /** Told of messages that are ready again. */
    private readonly onReady: (rows: readonly Row[]) => void,
  ) {}

  async find(
    query: DeadLetterQuery,
    { limit, before }: { readonly limit: number; readonly before?: number },
  ): Promise<readonly DeadLetter[]> {
    const rows = await this.database.run(find, [...asked(query), limit, before ?? null]);
    return rows.map(letterOf);
  }

  async count(query: DeadLetterQuery): Promise<number> {
    const [row] = await this.database.run(count, asked(query));
    return asNumber(row!.count);
  }

  async retry(query: DeadLetterQuery): Promise<readonly number[]> {
    return this.revive(query, null);
  }

  async retryWith(id: number, payload: string): Promise<boolean> {
    return (await this.revive({ ids: [id] }, payload)).length > 0;
  }

  async discard(query: DeadLetterQuery): Promise<readonly number[]> {
    const rows = await this.database.run(discard, asked(query));
    return idsOf(rows);
  }

  private async revive(query: DeadLetterQuery, payload: string | null): Promise<readonly number[]> {
    const rows = await this.database.run(retry, [...asked(query), payload]);
    this.onReady(rows);
    return idsOf(rows);
  }
}

const asked = ({ channel, ids, reason, sinceMs, untilMs }: DeadLetterQuery): unknown[] => [
  channel ?? null,
  ids === undefined ? null : numbers(ids),
  reason ?? null,
  sinceMs ?? null,
  untilMs ?? null,
];

const idsOf = (rows: readonly Row[]): number[] => rows.map(({ id }) => asNumber(id)).toSorted((a, b) => a - b);

function letterOf(row: Row): DeadLetter {
  return {
    id: asNumber(row.id),
    channel: String(row.channel),
    payload: String(row.payload),
    headers: asText(row.headers),
    key: asText(row.key),
    priority: -asNumber(row.rank) + 0,
    attempt: asNumber(row.attempt),
    crashes: asNumber(row.crashes),
    createdAtMs: Math.floor(asNumber(row.created)),
    deadAtMs: asNumber(row.died),
    reason: String(row.reason) as DeadLetterReason,
    history: linesOf(asText(row.history)),
  };
}

const linesOf = (history: string | null): DeadLetter['history'] =>
  history === null ? [] : (JSON.parse(`[${history.replaceAll('\n', ',')}]`) as DeadLetter['history']);

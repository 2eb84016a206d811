import type { Claimed } from '../store/store.js';
import type { Row } from './pool.js';
import { asNumber, asText, msOf, statement } from './statement.js';

const READY = 'm.due_at is null and not m.is_suspect and m.host is null';

/** What a claim returns of each message; `m` is the row as it is now. */
export const CLAIMED = `m.id, m.claims, m.channel, m.payload, m.headers, m.key, m.attempt, m.crashes, ${msOf('m.created_at')} as created,
  greatest(0, date_part('epoch', statement_timestamp() - m.ready_at) * 1000) as waited,
  coalesce(m.expires_at <= statement_timestamp(), false) as expired, m.is_suspect, m.wants_result,
  case when m.key is null then m.rank else 0 end as rank`;

/** A row that is no message but a note; messages have claims. */
const note = (note: 'fenced' | 'walked' | 'took', id: string, count = 'null', key = 'null', ms = 'null') =>
  `${id}, null::int, '${note}', null, null, ${key}, ${count}::int, null::int, (${ms})::float8, null::float8, null::boolean, null::boolean, null::boolean, null::int`;

/**
 * Array parameters as rows, numbered. The limit removes none: to the planner it says that they are few when it does not know how many. Else
 * the plan for all parameters looks dearer than one for these, and the statement is planned anew each time, which takes longer than running it.
 */
export const rows = (first: string, ...others: readonly string[]): string =>
  `(select * from unnest(${[first, ...others].join(', ')}) with ordinality limit cardinality(${first}))`;

/**
 * Of `said`, rows that begin with an id and a claim, those that the host $3 holds, with the place where the message lies. A subquery with a
 * limit is never made a join: so each is looked up by its id, also by a plan that was made while the table seemed to be empty.
 */
export const held = (schema: string, said: string, columns = ''): string => `(
  select s.*, m.ctid as place from ${said} as s(id, claims${columns}) cross join lateral (
    select m.ctid from ${schema}.message m where m.id = s.id and m.claims = s.claims and m.host = $3 limit 1
  ) m
)`;

/** $1 ids, $2 their claims, $3 the host. What is done is gone; a claim that is not this host's any more is left alone. */
const SETTLED = (schema: string) => `
  settled as (
    delete from ${schema}.message m
    where m.host = $3 and m.ctid = any(array(select held.place from ${held(schema, rows('$1::bigint[]', '$2::int[]'))} as held))
    returning m.id
  )`;

const FENCED = `
  select ${note('fenced', 'asked.id')} from unnest($1::bigint[]) as asked(id) where asked.id not in (select id from settled)`;

/**
 * $4 channels and $5 their rooms; $6 to $8 the ranks to look at, best first: the number of the channel, the rank, and the id to start after.
 *
 * One rank is asked for as a range of ranks and ids, for which only the index of the ready ones is of use: any plan that reads messages by their
 * ids alone may read those of all channels.
 *
 * The ranks of a channel are read one after the other until its room is full: what comes later is not touched. Nothing is claimed without
 * the host's row, which is held until the commit, so that a take-over sees all claims of a host or the host sees itself gone.
 */
const PICKED = (schema: string) => `
  select m.ctid, m.id, m.rank, w.n from ${rows('$4::text[]', '$5::int[]')} as w(channel, room, n)
  cross join lateral (
    select m.ctid, m.id, m.rank from unnest($6::int[], $7::smallint[], $8::bigint[]) as r(n, rank, after)
    cross join lateral (
      select m.ctid, m.id, m.rank from ${schema}.message m
      where m.channel = w.channel and (m.rank, m.id) > (r.rank, r.after) and m.rank <= r.rank and m.key is null and ${READY}
      order by m.rank, m.id limit w.room for update skip locked
    ) m
    where r.n = w.n limit w.room
  ) m
  where (select id from ${schema}.host where id = $3 for key share) is not null`;

const CLAIM = 'host = $3, claims = m.claims + 1, attempt = m.attempt + 1';

/** Settles what is done and claims, in one round trip and one commit: the hot path. */
export const exchange = statement(
  'exchange',
  (schema) => `
    with ${SETTLED(schema)}, claimed as (
      update ${schema}.message m set ${CLAIM}
      where m.ctid = any(array(select ctid from (${PICKED(schema)}) picked))
      returning ${CLAIMED}
    )
    select * from claimed union all ${FENCED}`,
);

/** The last row to be computed: how long the server was at it. */
const TOOK_MS = `date_part('epoch', clock_timestamp() - statement_timestamp()) * 1000`;

const READY_KEYED = 'm.key is not null and m.due_at is null and not m.is_suspect';

/**
 * Whether nobody holds the key of `m`, and no message of the key that is delayed or suspect is older. Written so that each is looked up in the
 * one index that has it, and nothing can become a join.
 */
export const isFree = (schema: string, m: string, besides = ''): string => `(
    select b.id from ${schema}.message b where b.channel = ${m}.channel and b.key = ${m}.key and b.holds_key ${besides} limit 1
  ) is null and coalesce((
    select b.id from ${schema}.message b
    where b.channel = ${m}.channel and b.key >= ${m}.key and b.key <= ${m}.key and b.key is not null and (b.due_at is not null or b.is_suspect)
      ${besides}
    order by b.key, b.id limit 1
  ), ${m}.id) >= ${m}.id`;

/**
 * The same for channels with keys in use: $9 the rooms of those that are to be looked at for keys, 0 for others; $10 the key to start after.
 *
 * Of each key only the oldest message is looked at, whatever became of the others: the distinct keys are walked in the index, one step for
 * each, so that a key with many messages costs no more than another. An older message of the key that is delayed or suspect holds it, and
 * so does a claimed one that is younger, since a retried dead letter may be older than what runs. What this statement settles does not.
 *
 * The heads of keys stand in line with the messages that have none, so that more may be locked than is claimed: the others step over it for
 * the moment, and what is left over is the next that this host comes for, whose room is full.
 */
export const exchangeKeyed = statement(
  'exchange_keyed',
  (schema) => `
    with recursive ${SETTLED(schema)}, picked as materialized (${PICKED(schema)}
    ), walk as (
      select w.n, w.channel, w.room, m.key, m.id, 1 as step
      from ${rows('$4::text[]', '$9::int[]', '$10::text[]')} as w(channel, room, after, n) cross join lateral (
        select m.key, m.id from ${schema}.message m
        where m.channel = w.channel and m.key > w.after and ${READY_KEYED} and m.id not in (select id from settled)
        order by m.key, m.id limit 1
      ) m
      union all
      select w.n, w.channel, w.room, m.key, m.id, w.step + 1 from walk w cross join lateral (
        select m.key, m.id from ${schema}.message m
        where m.channel = w.channel and m.key > w.key and ${READY_KEYED} and m.id not in (select id from settled)
        order by m.key, m.id limit 1
      ) m
      where w.step < w.room * 2 + 16
    ), free as (
      select walk.*, row_number() over (partition by walk.n order by walk.id) as place from walk
      where ${isFree(schema, 'walk', 'and b.id not in (select id from settled)')}
    ), heads as materialized (
      select m.ctid, m.id, free.n from free cross join lateral (
        select m.ctid, m.id from ${schema}.message m where m.id = free.id and ${READY} for update skip locked
      ) m
      where free.place <= free.room and (select id from ${schema}.host where id = $3 for key share) is not null
    ), line as (
      select ctid, n, row_number() over (partition by n order by rank, id) as place from (
        select ctid, n, rank, id from picked union all select ctid, n, 0, id from heads
      ) both_kinds
    ), claimed as (
      update ${schema}.message m set ${CLAIM}, holds_key = m.key is not null
      where m.ctid = any(array(
        select line.ctid from line join ${rows('$5::int[]')} as w(room, n) on line.n = w.n and line.place <= w.room
      ))
      returning ${CLAIMED}
    )
    select * from claimed
    union all ${FENCED}
    union all select ${note('walked', 'n', 'count(*)', 'max(key)')} from walk group by n
    union all select ${note('took', '0', 'null', 'null', TOOK_MS)}`,
);

/** How many keys the statement above walks at most for a channel with `room`. */
export const stepsFor = (room: number): number => room * 2 + 16;

export function claimedOf(row: Row): Claimed {
  return {
    id: asNumber(row.id),
    claim: asNumber(row.claims),
    channel: String(row.channel),
    payload: String(row.payload),
    headers: asText(row.headers),
    key: asText(row.key),
    attempt: asNumber(row.attempt),
    crashes: asNumber(row.crashes),
    createdAtMs: Math.floor(asNumber(row.created)),
    waitedMs: Math.floor(asNumber(row.waited)),
    isExpired: row.expired === true,
    isSuspect: row.is_suspect === true,
    wantsResult: row.wants_result === true,
  };
}

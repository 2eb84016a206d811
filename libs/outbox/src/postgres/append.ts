import type { AppendingPart } from '../store/annex.js';
import type { Appended, NewMessage, Rows } from '../store/store.js';
import { PIN } from './postgres.pin.js';
import { asNumber, statement, type Statement } from './statement.js';

const inputOf = (
  parameter: string,
): string => `json_to_recordset(${parameter}::text::json) as m(n int, channel text, rank smallint, key text, payload text, headers text,
  delay float8, at float8, expires float8, wants boolean, dedup text, win float8)`;
const DUE = `case when at is not null then to_timestamp(at / 1000) when delay is not null then now + delay * interval '1 millisecond' end`;
const INPUT = inputOf('$1');
/** Nothing, in another transaction than $2. There is a row for each message, also for a duplicate: none is the answer that it was another. */
const PINNED = inputOf(`(case when ${PIN} = $2::text then $1::text else '[]' end)`);
const COLUMNS = 'channel, rank, key, payload, headers, created_at, ready_at, due_at, expires_at, wants_result';
const VALUES = `channel, rank, key, payload, headers, now, now, case when due > now then due end,
  now + expires * interval '1 millisecond', wants`;

/** The usual case. $1 the messages, as one JSON text: so any library that can run SQL can run it. Ids grow in the order given. */
const plain = (input: string) => (schema: string) => `
    insert into ${schema}.message (${COLUMNS})
    select ${VALUES} from (
      select m.*, now, ${DUE} as due from ${input} cross join statement_timestamp() now order by n
    ) message
    returning id, false as is_duplicate`;

/**
 * The same for messages with a key, or of which there is to be only one.
 *
 * Whoever appends to a key holds its lock until the commit, and ids are given under the lock: so the order of ids in a key is the order of
 * commits, and a reader never sees a message before an older one of its key. Keys are locked in one order, which keeps two statements from
 * waiting for each other; two transactions that append to two keys each in another order may, and one of them fails.
 *
 * Of several with the same deduplication key in one call the first one counts.
 */
const ordered = (input: string) => (schema: string) => `
    with input as materialized (
      select m.*, now, ${DUE} as due from ${input} cross join statement_timestamp() now
    ), locked as materialized (
      select pg_advisory_xact_lock(hash) from (
        select distinct hashtextextended('${schema.replaceAll("'", "''")} ' || channel || ' ' || key, 0) as hash
        from input where key is not null order by hash
      ) keys
    ), numbered as materialized (
      select ordered.*, nextval('${schema.replaceAll("'", "''")}.message_id') as id
      from (select count(*) from locked) locks, (select * from input order by n) ordered
    ), known as (
      insert into ${schema}.deduplication as d (channel, key, message_id, expires_at)
      select channel, dedup, id, now + win * interval '1 millisecond'
      from (select distinct on (channel, dedup) * from numbered where dedup is not null order by channel, dedup, n) first
      on conflict (channel, key) do update set
        message_id = case when d.expires_at <= statement_timestamp() then excluded.message_id else d.message_id end,
        expires_at = case when d.expires_at <= statement_timestamp() then excluded.expires_at else d.expires_at end
      returning channel, key, message_id
    ), outcome as materialized (
      select numbered.*, coalesce(known.message_id, numbered.id) as final_id
      from numbered left join known on known.channel = numbered.channel and known.key = numbered.dedup
    ), written as (
      insert into ${schema}.message (id, ${COLUMNS})
      select id, ${VALUES} from outcome where final_id = id order by n
    )
    select final_id as id, final_id <> id as is_duplicate from outcome order by n`;

const append = statement('append', plain(INPUT));
const appendPinned = statement('append_pinned', plain(PINNED));
const appendOrdered = statement('append_ordered', ordered(INPUT));
const appendOrderedPinned = statement('append_ordered_pinned', ordered(PINNED));

/** One by itself over a connection of the store's own, which gets no text to take apart: it takes the server two thirds of the time. */
const appendOne = statement(
  'append_one',
  (schema) => `
    insert into ${schema}.message (channel, rank, payload, headers, created_at, ready_at, due_at, expires_at, wants_result)
    select $1, $2::smallint, $3, $4, now, now,
      case when $5::float8 / 1000 > date_part('epoch', now) then to_timestamp($5::float8 / 1000)
        when $6::float8 > 0 and $5::float8 is null then now + $6::float8 * interval '1 millisecond' end,
      now + $7::float8 * interval '1 millisecond', $8::boolean
    from statement_timestamp() now
    returning id, false as is_duplicate`,
);

/** The usual case as a part of another statement: in its `with`, where `condition` holds. `parameter` stands for the messages. */
const appendWithin = (schema: string, parameter: string, condition: string): string => `
    insert into ${schema}.message (${COLUMNS})
    select ${VALUES} from (
      select m.*, now, ${DUE} as due from ${inputOf(parameter)} cross join statement_timestamp() now order by n
    ) message
    where ${condition}`;

/** Undefined for messages that have more to be seen to. */
export function appendingPart(schema: string, messages: readonly NewMessage[]): AppendingPart | undefined {
  if (!messages.every(isPlain)) return undefined;
  const sql: AppendingPart['sql'] = (parameter, condition) => appendWithin(schema, parameter, condition);
  return { sql, value: appendParameter(messages) };
}

/** A statement and its parameters. */
export interface Appending {
  readonly statement: Statement;
  readonly parameters: readonly unknown[];
}

/** For anybody's transaction: its parameters are texts. With a `pin` nothing is written, and no row comes back, in any but that one. */
export function appending(messages: readonly NewMessage[], pin?: string): Appending {
  const isAllPlain = messages.every(isPlain);
  const value = appendParameter(messages);
  if (pin === undefined) return { statement: isAllPlain ? append : appendOrdered, parameters: [value] };
  return { statement: isAllPlain ? appendPinned : appendOrderedPinned, parameters: [value, pin] };
}

/** For the store's own connections. */
export function appendingAlone(messages: readonly NewMessage[]): Appending {
  const [message] = messages;
  if (message === undefined || messages.length > 1 || !isPlain(message)) return appending(messages);
  const { channel, payload, headers, atMs, delayMs, expiresMs, wantsResult } = message;
  const parameters = [channel, rankOf(message), payload, headers, atMs, delayMs, expiresMs, wantsResult];
  return { statement: appendOne, parameters };
}

const isPlain = ({ key, deduplicate }: NewMessage): boolean => key === null && deduplicate === null;

/** Absent fields are null on the other side. */
function appendParameter(messages: readonly NewMessage[]): string {
  return JSON.stringify(
    messages.map((message, n) => ({
      n,
      channel: message.channel,
      rank: rankOf(message),
      key: message.key ?? undefined,
      payload: message.payload,
      headers: message.headers ?? undefined,
      delay: message.delayMs ?? undefined,
      at: message.atMs ?? undefined,
      expires: message.expiresMs ?? undefined,
      wants: message.wantsResult,
      dedup: message.deduplicate?.key,
      win: message.deduplicate?.windowMs,
    })),
  );
}

/** The order within a channel: a priority turned round. */
export const rankOf = ({ priority }: NewMessage): number => -priority + 0;

/** The ids in the order of the messages. The plain statement has drawn them in this order, whatever order it returns them in. */
export function appendedOf(rows: Rows, { statement }: Appending): Appended[] {
  const appended = rows.map(({ id, is_duplicate }) => ({
    id: asNumber(id),
    isDuplicate: is_duplicate === true || is_duplicate === 't' || is_duplicate === 1,
  }));
  return statement === append || statement === appendPinned ? appended.toSorted((a, b) => a.id - b.id) : appended;
}

import { statement } from './statement.js';
import { historyWith } from './settle.js';
import { CLAIMED, isFree } from './exchange.js';

/**
 * $1 the class of the hosts' locks, $2 channels. Every host with what is known of its life, and how many suspects wait.
 *
 * It looks at the table of locks instead of trying them: who tries holds, for a moment, what somebody else may be about to take.
 */
export const lookAround = statement(
  'look_around',
  (schema) => `
    with held as materialized (
      select objid::bigint as id from pg_locks
      where locktype = 'advisory' and objsubid = 2 and granted and classid::bigint = ($1::bigint & 4294967295)
        and database = (select oid from pg_database where datname = current_database())
    )
    select h.id, h.name, h.lease_until <= statement_timestamp() as is_expired,
      case when h.beats_until is null then h.id not in (select id from held) else h.beats_until <= statement_timestamp() end as is_silent,
      h.beats_until is not null as beats, 0 as suspects
    from ${schema}.host h
    union all
    select null, null, null, null, null, count(*)::int from ${schema}.message where is_suspect and host is null and channel = any($2::text[])`,
);

/** Taken for the length of the transaction: while it is ours the host cannot come back, and no second observer buries it. */
export const tryLock = statement('try_lock', () => 'select pg_try_advisory_xact_lock($1::int, $2::int) as is_free');

/** $1 the host, $2 whether its silence was observed: true when it is dead now. Its row is locked; claims of it wait, and then find it gone. */
export const confirmDeath = statement(
  'confirm_death',
  (schema) => `
    select id from ${schema}.host where id = $1 and
      (lease_until <= statement_timestamp() or case when beats_until is null then $2::boolean else beats_until <= statement_timestamp() end)
    for update`,
);

/** $1 the host. The only statement that reads the whole table: an index with the host in it would be written at each claim. */
export const claimsOfHost = statement(
  'claims_of_host',
  (schema) => `select id, claims from ${schema}.message where host = $1`,
);

const crashed = (
  name: string,
) => `'{"attempt":' || m.attempt || ',"kind":"crashed","message":' || to_json('Its host died: ' || ${name})::text
  || ',"host":' || to_json(${name})::text`;

/** So long whoever waits for a message may find out that it crashed too often: nobody is there who could say for how long. */
const CRASH_KEPT = `interval '1 hour'`;

/** $1 ids, $2 the host, $3 its name, $4 how many crashes are one too many. */
export const buryCrashed = statement(
  'bury_crashed',
  (schema) => `
    with gone as (
      delete from ${schema}.message m where m.id = any($1::bigint[]) and m.host = $2 and m.crashes + 1 >= $4::int
      returning m.*, ${historyWith(crashed('$3::text'))} as full_history
    ), dead as (
      insert into ${schema}.dead
        (id, created_at, dead_at, attempt, crashes, claims, rank, wants_result, channel, reason, key, payload, headers, history)
      select id, created_at, statement_timestamp(), attempt, crashes + 1, claims, rank, wants_result, channel, 'crashed', key, payload,
        headers, full_history
      from gone
    ), finished as (
      insert into ${schema}.finished (id, channel, finished_at, expires_at, is_dead)
      select id, channel, statement_timestamp(), statement_timestamp() + ${CRASH_KEPT}, true from gone where wants_result
      on conflict (id) do update set finished_at = excluded.finished_at, expires_at = excluded.expires_at, is_dead = true, result = null
    )
    select id, channel, crashes + 1 as crashes, wants_result from gone`,
);

/** The same parameters. What the host held is ready again, as suspects. */
export const freeCrashed = statement(
  'free_crashed',
  (schema) => `
    update ${schema}.message m set host = null, holds_key = false, is_suspect = true, crashes = m.crashes + 1,
      history = ${historyWith(crashed('$3::text'))}
    where m.id = any($1::bigint[]) and m.host = $2 and m.crashes + 1 < $4::int
    returning m.id`,
);

/** $1 the host. Its claims must be gone before. */
export const removeHost = statement('remove_host', (schema) => `delete from ${schema}.host where id = $1`);

/** $1 the host, $2 channels, in this order. One suspect, the first in the order of its channel, that is the first of its key, if it has one, and whose key nobody holds. */
export const claimSuspect = statement(
  'claim_suspect',
  (schema) => `
    update ${schema}.message m set host = $1, claims = m.claims + 1, attempt = m.attempt + 1, holds_key = m.key is not null
    where m.ctid = (
      select m.ctid from ${schema}.message m
      where m.is_suspect and m.host is null and m.channel = any($2::text[])
        and (m.key is null or (${isFree(schema, 'm')} and coalesce((
          select b.id from ${schema}.message b
          where b.channel = m.channel and b.key >= m.key and b.key <= m.key and b.key is not null and b.due_at is null and not b.is_suspect
          order by b.key, b.id limit 1
        ), m.id) >= m.id))
        and (select id from ${schema}.host where id = $1 for key share) is not null
      order by array_position($2::text[], m.channel), case when m.key is null then m.rank else 0 end, m.id
      limit 1 for update of m skip locked
    )
    returning ${CLAIMED}`,
);

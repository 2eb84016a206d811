import type { Failure, Settlement } from '../store/store.js';
import { held, rows } from './exchange.js';
import { numbers, statement, type Statement } from './statement.js';

/** What is said of claims, in arrays, for those that are this host's still: $1 ids, $2 their claims, $3 the host. */
const said = (schema: string, columns = '', ...arrays: readonly string[]) =>
  `${held(schema, rows('$1::bigint[]', '$2::int[]', ...arrays), `${columns}, n`)} as s`;
/** Asked again of the message itself: somebody may have taken it over since it was looked up. */
const OURS = 'm.ctid = s.place and m.host = $3';
const FREE = 'host = null, holds_key = false';
const NOW = 'statement_timestamp()';
const after = (ms: string) => `${NOW} + ${ms} * interval '1 millisecond'`;
const RETURNED = 'm.id, m.channel, m.key, m.rank, m.wants_result, m.due_at is null as is_ready';

/** One line is added to the history, with the time; when it has become long the oldest line makes room. */
export const historyWith = (line: string): string => `
  case when m.history is null then '' when length(m.history) > 65536 then substr(m.history, strpos(m.history, E'\\n') + 1) || E'\\n'
  else m.history || E'\\n' end || ${line} || ',"atMs":' || floor(date_part('epoch', ${NOW}) * 1000)::bigint || '}'`;

/** A line of history as a parameter: open at its end, where the time goes. */
export const openLine = (failure: Failure): string => JSON.stringify(failure).slice(0, -1);

const finish = (schema: string, from: string, isDead: boolean) => `
  insert into ${schema}.finished (id, channel, finished_at, expires_at, is_dead, result)
  select id, channel, ${NOW}, ${after('keep')}, ${isDead}, result from ${from} where keep > 0
  on conflict (id) do update set finished_at = excluded.finished_at, expires_at = excluded.expires_at,
    is_dead = excluded.is_dead, result = excluded.result`;

/** $4 results, $5 for how many milliseconds each is kept. */
const done = statement(
  'settle_done',
  (schema) => `
    with gone as (
      delete from ${schema}.message m using ${said(schema, ', result, keep', '$4::text[]', '$5::float8[]')} where ${OURS}
      returning ${RETURNED}, s.result, s.keep
    ), finished as (${finish(schema, 'gone', false)})
    select id, channel, wants_result, keep, true as gone from gone`,
);

/** $4 after how many milliseconds, $5 lines of history, $6 whether an isolate died. A suspect that came this far is none any more. */
const retry = statement(
  'settle_retry',
  (schema) => `
    update ${schema}.message m set ${FREE}, is_suspect = false, crashes = m.crashes + s.crash::int,
      due_at = case when s.wait > 0 then ${after('s.wait')} end, ready_at = ${NOW}, history = ${historyWith('s.line')}
    from ${said(schema, ', wait, line, crash', '$4::float8[]', '$5::text[]', '$6::boolean[]')} where ${OURS}
    returning ${RETURNED}`,
);

export const release = statement(
  'settle_release',
  (schema) => `
    update ${schema}.message m set ${FREE}, attempt = m.attempt - 1 from ${said(schema)} where ${OURS}
    returning ${RETURNED}`,
);

/** $4 reasons, $5 lines of history, $6 results, $7 for how long they are kept, $8 whether it was a crash. */
const bury = statement(
  'settle_bury',
  (schema) => `
    with gone as (
      delete from ${schema}.message m using ${said(schema, ', reason, line, result, keep, crash', '$4::text[]', '$5::text[]', '$6::text[]', '$7::float8[]', '$8::boolean[]')}
      where ${OURS} returning m.*, s.reason, s.result, s.keep, s.crash, ${historyWith('s.line')} as full_history
    ), dead as (
      insert into ${schema}.dead
        (id, created_at, dead_at, attempt, crashes, claims, rank, wants_result, channel, reason, key, payload, headers, history)
      select id, created_at, ${NOW}, attempt, crashes + crash::int, claims, rank, wants_result, channel, reason, key, payload, headers, full_history
      from gone
    ), finished as (${finish(schema, 'gone', true)})
    select id, channel, wants_result, keep, true as gone from gone`,
);

type Of<T extends Settlement['type']> = Extract<Settlement, { type: T }>;

/** Done and nothing to remember, or not worth running any more: the row goes, in the statement that also claims. */
export const isPlain = (settlement: Settlement): boolean =>
  settlement.type === 'expire' ||
  (settlement.type === 'done' && settlement.keepMs <= 0 && settlement.routed.length === 0);

/** One statement for each kind, with its parameters; none for a kind that there is none of. */
export function settling(
  host: number,
  settlements: readonly Settlement[],
): (readonly [Statement, readonly unknown[]])[] {
  const of = <T extends Settlement['type']>(type: T) =>
    settlements.filter((settlement): settlement is Of<T> => settlement.type === type);
  const batch = <T extends Settlement>(statement: Statement, batch: readonly T[], ...columns: ((s: T) => unknown)[]) =>
    batch.length === 0
      ? []
      : [
          [
            statement,
            [...claimsOf(batch), host, ...columns.map((column) => batch.map((each) => column(each)))],
          ] as const,
        ];
  return [
    ...batch(
      done,
      of('done'),
      ({ result }) => result,
      ({ keepMs }) => keepMs,
    ),
    ...batch(
      retry,
      of('retry'),
      ({ afterMs }) => afterMs,
      ({ failure }) => openLine(failure),
      ({ isCrash }) => isCrash,
    ),
    ...batch(release, of('release')),
    ...batch(
      bury,
      of('bury'),
      ({ reason }) => reason,
      ({ failure }) => openLine(failure),
      ({ result }) => result,
      ({ keepMs }) => keepMs,
      ({ isCrash }) => isCrash,
    ),
  ];
}

/** The first two parameters of whatever is said of claims. */
export const claimsOf = (claims: readonly { readonly id: number; readonly claim: number }[]): [string, string] => [
  numbers(claims.map(({ id }) => id)),
  numbers(claims.map(({ claim }) => claim)),
];

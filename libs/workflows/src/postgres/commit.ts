import type { AppendingPart } from '@nestjs-workers/outbox/extension';
import type { Commit } from '../store/store.js';
import { lines } from './values.js';

/**
 * One statement for everything, the effects included where they can be appended by a part of it: nothing of it happens unless the instance is
 * as it was loaded, which is what `changed` says.
 *
 * $1 workflow, $2 id, $3 version, $4 the events, $5 the input's name, $6 whether it completes; then $7 the unique key to begin with, or the
 * fired timer's $7 key and $8 generation; timers, a snapshot and effects where there are some.
 */
export interface CommitStatement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/**
 * How an instance is found as it was loaded. Whoever commits holds its row from here to the end, and takes timers only then: so no two
 * commits wait for each other.
 */
const GATES = {
  /** The first one. Of two that begin it at the same time one waits, and is told. */
  begin: (at: string) => `changed as (
    insert into ${at}.workflow_instance as i (workflow, id, version, is_completed, unique_key, started_at, changed_at)
    select $1, $2, $3::int + json_array_length($4::text::json), $6::boolean, $7, now, now from statement_timestamp() now
    where (
      select o.id from ${at}.workflow_instance o
      where o.workflow = $1 and o.unique_key = $7 and o.unique_key is not null and not o.is_completed limit 1
    ) is null
    on conflict (workflow, id) do nothing
    returning i.version
  )`,
  go: (at: string) => `changed as (
    update ${at}.workflow_instance i set version = i.version + json_array_length($4::text::json), is_completed = $6::boolean,
      changed_at = case when json_array_length($4::text::json) > 0 then statement_timestamp() else i.changed_at end
    where i.workflow = $1 and i.id = $2 and i.version = $3::int and not i.is_completed
    returning i.version
  )`,
  /** Nothing but its timer brings this input: whoever cancelled it in the meantime held the row of the instance then. */
  fired: (at: string) => `held as materialized (
    select i.version from ${at}.workflow_instance i
    where i.workflow = $1 and i.id = $2 and i.version = $3::int and not i.is_completed for update
  ), token as materialized (
    select t.key from held cross join lateral (
      select t.key from ${at}.workflow_timer t
      where t.workflow = $1 and t.instance = $2 and t.key = $7 and t.generation = $8::bigint limit 1 for update
    ) t
  ), changed as (
    update ${at}.workflow_instance i set version = i.version + json_array_length($4::text::json), is_completed = $6::boolean,
      changed_at = case when json_array_length($4::text::json) > 0 then statement_timestamp() else i.changed_at end
    where i.workflow = $1 and i.id = $2 and (select count(*) from token) = 1
    returning i.version
  )`,
} as const;

const IS_CHANGED = '(select count(*) from changed) = 1';

const EVENTS = (at: string) => `events as (
    insert into ${at}.workflow_event (workflow, instance, sequence, type, schema, payload, input, created_at)
    select $1, $2, $3::int + n, type, schema, payload, $5, statement_timestamp()
    from json_to_recordset($4::text::json) as e(n int, type text, schema int, payload text) where ${IS_CHANGED}
  )`;

/** What is set again is changed in its place: no statement may touch a row twice. */
const TIMERS = (at: string, timers: string, gone: string) => `gone as (
    delete from ${at}.workflow_timer t where t.workflow = $1 and t.instance = $2 and ${IS_CHANGED}
      and ($6::boolean or t.key in (select json_array_elements_text(${gone}::text::json)))
  ), timers as (
    insert into ${at}.workflow_timer as t (workflow, instance, key, generation, due_at, input)
    select $1, $2, key, nextval('${at.replaceAll("'", "''")}.workflow_generation'),
      statement_timestamp() + delay * interval '1 millisecond', input
    from json_to_recordset(${timers}::text::json) as n(key text, delay float8, input text) where ${IS_CHANGED} and not $6::boolean
    on conflict (workflow, instance, key) do update
      set generation = excluded.generation, due_at = excluded.due_at, input = excluded.input, fired_at = null
  )`;

const SNAPSHOT = (at: string, version: string, schema: string, state: string) => `snapshot as (
    insert into ${at}.workflow_snapshot as s (workflow, instance, version, schema, state)
    select $1, $2, ${version}::int, ${schema}::int, ${state} where ${IS_CHANGED}
    on conflict (workflow, instance) do update
      set version = excluded.version, schema = excluded.schema, state = excluded.state
      where s.schema <> excluded.schema or s.version < excluded.version
  )`;

export function commitStatement(at: string, commit: Commit, effects?: AppendingPart): CommitStatement {
  const { instance, version, events, timers, cancelled, completes, uniqueKey, firedTimer, snapshot, input } = commit;
  const parameters: unknown[] = [
    instance.workflow,
    instance.id,
    version,
    JSON.stringify(events.map(({ type, schema, payload }, index) => ({ n: index + 1, type, schema, payload }))),
    input,
    completes,
  ];
  const add = (value: unknown): string => `$${parameters.push(value)}`;
  const gate = firedTimer !== undefined ? 'fired' : version === 0 ? 'begin' : 'go';
  if (firedTimer !== undefined) parameters.push(firedTimer.key, firedTimer.generation);
  else if (gate === 'begin') parameters.push(uniqueKey);
  const settled = new Map(timers.map(({ key, delayMs, input: text }) => [key, { key, delay: delayMs, input: text }]));
  const gone = [...cancelled, ...(firedTimer === undefined ? [] : [firedTimer.key])].filter((key) => !settled.has(key));
  const parts: ((at: string) => string)[] = [GATES[gate], EVENTS];
  let name: string = gate;
  if (settled.size > 0 || gone.length > 0 || completes) {
    const [set, off] = [add(JSON.stringify([...settled.values()])), add(JSON.stringify(gone))];
    parts.push((schema) => TIMERS(schema, set, off));
    name += ' timers';
  }
  if (snapshot !== undefined) {
    const [reached, schema, state] = [add(snapshot.version), add(snapshot.schema), add(snapshot.state)];
    parts.push((here) => SNAPSHOT(here, reached, schema, state));
    name += ' snapshot';
  }
  if (effects !== undefined) {
    const messages = add(effects.value);
    parts.push(() => `effects as (${effects.sql(messages, IS_CHANGED)})`);
    name += ' effects';
  }
  return { sql: textOf(`${at} ${name}`, () => parts.map((part) => part(at))), parameters };
}

/** There are two dozen for each schema. To put one together takes longer than to send it. */
const TEXTS = new Map<string, string>();

function textOf(name: string, parts: () => readonly string[]): string {
  const known = TEXTS.get(name) ?? lines(`with ${parts().join(', ')} select version from changed`);
  TEXTS.set(name, known);
  return known;
}

/** $1 workflow, $2 id, $3 key and $4 generation of a fired timer, $5 the unique key: what may have stood in the way. */
export const reasonSql = (at: string): string =>
  lines(`
  select
    coalesce((select version from ${at}.workflow_instance where workflow = $1 and id = $2), 0) as version,
    coalesce((select is_completed from ${at}.workflow_instance where workflow = $1 and id = $2), false) as is_completed,
    (
      select count(*) from ${at}.workflow_timer where workflow = $1 and instance = $2 and key = $3 and generation = $4::bigint
    ) as timers,
    (
      select id from ${at}.workflow_instance
      where workflow = $1 and unique_key = $5 and unique_key is not null and not is_completed and id <> $2 limit 1
    ) as holder`);

/** $1 workflow, $2 id, $3 version, $4 schema, $5 state. */
export const keepSnapshotSql = (at: string): string =>
  lines(`
  insert into ${at}.workflow_snapshot as s (workflow, instance, version, schema, state)
  select $1, $2, $3::int, $4::int, $5 where (select count(*) from ${at}.workflow_instance where workflow = $1 and id = $2) > 0
  on conflict (workflow, instance) do update set version = excluded.version, schema = excluded.schema, state = excluded.state
    where s.schema <> excluded.schema or s.version < excluded.version`);

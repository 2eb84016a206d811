import { EVENT, lines, msOf, once } from './values.js';

/** $1 workflow, $2 id, $3 the schema of snapshots or null. The first row is of the instance, also when there is none; the others of events. */
export const loadSql = once((at) =>
  lines(`
  with snapshot as materialized (
    select s.version, s.state from ${at}.workflow_snapshot s
    where s.workflow = $1 and s.instance = $2 and s.schema = $3::int
  )
  select null::int as sequence, null as type, null::int as schema, null as payload, null as input, null::float8 as created_at_ms,
    coalesce((select version from ${at}.workflow_instance where workflow = $1 and id = $2), 0) as version,
    coalesce((select is_completed from ${at}.workflow_instance where workflow = $1 and id = $2), false) as is_completed,
    (select version from snapshot) as snapshot_version, (select state from snapshot) as state,
    ${msOf('statement_timestamp()')} as now_ms
  union all
  (
    select ${EVENT}, null, null, null, null, null from ${at}.workflow_event e
    where e.workflow = $1 and e.instance = $2 and e.sequence > coalesce((select version from snapshot), 0)
    order by e.sequence
  )`),
);

/** $1 workflow, $2 id, $3 after, $4 limit. */
export const historySql = (at: string): string =>
  lines(`
  select ${EVENT} from ${at}.workflow_event e
  where e.workflow = $1 and e.instance = $2 and e.sequence > $3::int order by e.sequence limit $4::int`);

/** $1 workflow, $2 id. */
export const timersSql = (at: string): string =>
  lines(`
  select key, generation, input, ${msOf('due_at')} as due_at_ms, fired_at is not null as is_fired from ${at}.workflow_timer
  where workflow = $1 and instance = $2 order by due_at, generation`);

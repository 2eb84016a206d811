import { lines, msOf } from './values.js';

/**
 * $1 workflows, $2 the limit. Marks what is due, each by the one host that has its row; the last row, which has no id, says when the next one
 * is due.
 *
 * Each workflow is looked up by itself, in the index that knows what is due: a limit keeps the planner from making a join of it.
 */
export const fireSql = (at: string): string =>
  lines(`
  with due as materialized (
    select t.workflow, t.instance, t.key, t.due_at from unnest($1::text[]) as w(name) cross join lateral (
      select t.workflow, t.instance, t.key, t.due_at from ${at}.workflow_timer t
      where t.workflow = w.name and t.fired_at is null and t.due_at <= statement_timestamp()
      order by t.due_at limit $2::int for update skip locked
    ) t
    order by t.due_at limit $2::int
  ), fired as (
    update ${at}.workflow_timer t set fired_at = statement_timestamp() from due
    where t.workflow = due.workflow and t.instance = due.instance and t.key = due.key
    returning t.workflow, t.instance, t.key, t.generation, t.input, t.due_at
  )
  select workflow, instance, key, generation, input, ${msOf('fired.due_at')} as due_at_ms, null::float8 as next_ms from fired
  union all
  select null, null, null, null, null, null, date_part('epoch', min(t.due_at) - statement_timestamp()) * 1000
  from unnest($1::text[]) as w(name) cross join lateral (
    select t.due_at from ${at}.workflow_timer t
    where t.workflow = w.name and t.fired_at is null and t.due_at > statement_timestamp() order by t.due_at limit 1
  ) t`);

import type { Ledger } from '@nestjs-workers/outbox/extension';

/**
 * The tables. There is one writer at a time, so the order of the events' ids is the order of their commits: the log.
 *
 * `runner` is who runs a projection now, until its lease is over; `turn` grows with each rewind, and what a runner has reached counts only in
 * the turn in which it began.
 */
const firstTables = (prefix: string): string => `
create table ${prefix}workflow_instance (
  number integer primary key autoincrement,
  version integer not null,
  is_completed integer not null,
  started_at_ms integer not null,
  changed_at_ms integer not null,
  workflow text not null,
  id text not null,
  unique_key text
);
create unique index ${prefix}workflow_instance_id on ${prefix}workflow_instance (workflow, id);
create unique index ${prefix}workflow_instance_key on ${prefix}workflow_instance (workflow, unique_key)
  where unique_key is not null and is_completed = 0;
create index ${prefix}workflow_instance_latest on ${prefix}workflow_instance (workflow, number);
create index ${prefix}workflow_instance_running on ${prefix}workflow_instance (number) where is_completed = 0;

create table ${prefix}workflow_event (
  id integer primary key autoincrement,
  sequence integer not null,
  schema integer not null,
  created_at_ms integer not null,
  workflow text not null,
  instance text not null,
  type text,
  input text,
  payload text not null
);
create unique index ${prefix}workflow_event_sequence on ${prefix}workflow_event (workflow, instance, sequence);
create index ${prefix}workflow_event_log on ${prefix}workflow_event (workflow, id);

create table ${prefix}workflow_snapshot (
  workflow text not null,
  instance text not null,
  version integer not null,
  schema integer not null,
  state text not null,
  primary key (workflow, instance)
);

create table ${prefix}workflow_timer (
  generation integer primary key autoincrement,
  due_at_ms integer not null,
  fired_at_ms integer,
  workflow text not null,
  instance text not null,
  key text not null,
  input text not null
);
create unique index ${prefix}workflow_timer_key on ${prefix}workflow_timer (workflow, instance, key);
create index ${prefix}workflow_timer_due on ${prefix}workflow_timer (workflow, due_at_ms) where fired_at_ms is null;

create table ${prefix}workflow_projection (
  name text primary key,
  position integer,
  turn integer not null default 0,
  runner text,
  lease_until_ms integer
) without rowid;
`;

/** In the order of their numbers. What stands here was applied somewhere and is never changed again. */
export const LEDGER: Ledger = {
  table: 'workflow_migration',
  changes: [{ name: 'the tables of workflows', sql: firstTables }],
  owner: '@nestjs-workers/workflows',
};

/** SQLite's own clock in milliseconds since 1970; one value throughout a statement. */
export const NOW_MS = `cast(round((julianday('now') - 2440587.5) * 86400000.0) as integer)`;

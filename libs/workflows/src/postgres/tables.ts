import type { Ledger } from '@nestjs-workers/outbox/extension';

/** What statements look up by; statistics of it are of a moment that is over when they are used. */
const LOOKED_UP = {
  workflow_instance: ['workflow', 'id', 'number', 'version', 'is_completed', 'unique_key'],
  workflow_event: ['workflow', 'instance', 'sequence', 'xid'],
  workflow_timer: ['workflow', 'instance', 'key', 'generation', 'due_at', 'fired_at'],
};

/**
 * The tables. What changes with every commit stands in no index: so a commit of a running instance writes its row in place (HOT).
 *
 * Each event knows the transaction that wrote it: its number is how a reader tells what is finished before it from what may still come.
 * One commit is of one instance, so the number of the transaction and the sequence are a place in the log that no other event has.
 */
const firstTables = (schema: string): string => `
create sequence ${schema}.workflow_generation;

create table ${schema}.workflow_instance (
  number bigint generated always as identity,
  started_at timestamptz not null,
  changed_at timestamptz not null,
  version int not null,
  is_completed boolean not null,
  workflow text collate "C" not null,
  id text collate "C" not null,
  unique_key text collate "C",
  primary key (workflow, id)
) with (fillfactor = 70, vacuum_truncate = false);
create unique index workflow_instance_key on ${schema}.workflow_instance (workflow, unique_key)
  where unique_key is not null and not is_completed;
create unique index workflow_instance_number on ${schema}.workflow_instance (number);
create index workflow_instance_latest on ${schema}.workflow_instance (workflow, number);
create index workflow_instance_running on ${schema}.workflow_instance (number) where not is_completed;

create table ${schema}.workflow_event (
  xid xid8 not null default pg_current_xact_id(),
  created_at timestamptz not null,
  sequence int not null,
  schema int not null,
  workflow text collate "C" not null,
  instance text collate "C" not null,
  type text,
  input text,
  payload text not null,
  primary key (workflow, instance, sequence)
) with (vacuum_truncate = false);
create index workflow_event_log on ${schema}.workflow_event (workflow, xid, sequence);
comment on column ${schema}.workflow_event.xid is 'the transaction that wrote it';

create table ${schema}.workflow_snapshot (
  version int not null,
  schema int not null,
  workflow text collate "C" not null,
  instance text collate "C" not null,
  state text not null,
  primary key (workflow, instance)
);

create table ${schema}.workflow_timer (
  generation bigint not null,
  due_at timestamptz not null,
  fired_at timestamptz,
  workflow text collate "C" not null,
  instance text collate "C" not null,
  key text collate "C" not null,
  input text not null,
  primary key (workflow, instance, key)
) with (vacuum_truncate = false);
create index workflow_timer_due on ${schema}.workflow_timer (workflow, due_at) where fired_at is null;

create table ${schema}.workflow_projection (
  name text collate "C" primary key,
  position text not null
);

${Object.entries(LOOKED_UP)
  .flatMap(([table, columns]) =>
    columns.map((column) => `alter table ${schema}.${table} alter column ${column} set statistics 0;`),
  )
  .join('\n')}

-- Ballast, as in the table of messages: a table that never looks small is read by its indexes from the beginning, also by a plan that
-- was made while there was next to nothing in it.
insert into ${schema}.workflow_instance (started_at, changed_at, version, is_completed, workflow, id)
  select now(), now(), 0, true, '', repeat('x', 1200) || n from generate_series(1, 500) n;
delete from ${schema}.workflow_instance;
insert into ${schema}.workflow_event (created_at, sequence, schema, workflow, instance, payload)
  select now(), n, 0, '', '', repeat('x', 1800) from generate_series(1, 640) n;
delete from ${schema}.workflow_event;
insert into ${schema}.workflow_timer (generation, due_at, workflow, instance, key, input)
  select n, now(), '', '', n, repeat('x', 1800) from generate_series(1, 640) n;
delete from ${schema}.workflow_timer;
`;

/** What is added to the number of a transaction to be that of an event; see shift.ts. */
const log = (schema: string): string => `
create table ${schema}.workflow_log (shift bigint not null);
insert into ${schema}.workflow_log (shift) values (0);
comment on table ${schema}.workflow_log is 'one row';
`;

/** In the order of their numbers. What stands here was applied somewhere and is never changed again. */
export const LEDGER: Ledger = {
  table: 'workflow_migration',
  changes: [
    { name: 'the tables of workflows', sql: firstTables },
    { name: 'the log of workflows', sql: log },
  ],
  owner: '@nestjs-workers/workflows',
};

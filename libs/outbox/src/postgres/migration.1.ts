/** Of messages, those that anything is looked up by. */
const COLUMNS = ['id', 'channel', 'rank', 'key', 'due_at', 'host', 'claims', 'is_suspect', 'holds_key'];

/**
 * The first tables. A table is a place, and the place is the state of what lies in it.
 *
 * `message` is written for claiming: no index knows `host`, so that a claim changes no indexed column and is a HOT update, which writes no
 * index at all; a fillfactor of 50 leaves its page room for it, also when a large batch claims
 * all of a page. Claimed messages stay in the index of the ready ones and are stepped over:
 * they are few. A message with a key is in one of two indexes of its own, ready or waiting. Text that is compared is compared by bytes.
 */
export const firstTables = (schema: string): string => `
create table ${schema}.meta (
  installation uuid not null
);
insert into ${schema}.meta values (gen_random_uuid());

create sequence ${schema}.message_id;
create table ${schema}.message (
  id bigint primary key default nextval('${schema.replaceAll("'", "''")}.message_id'),
  created_at timestamptz not null,
  ready_at timestamptz not null,
  due_at timestamptz,
  expires_at timestamptz,
  attempt int not null default 0,
  crashes int not null default 0,
  claims int not null default 0,
  host int,
  rank smallint not null,
  is_suspect boolean not null default false,
  holds_key boolean not null default false,
  wants_result boolean not null default false,
  channel text collate "C" not null,
  key text collate "C",
  payload text not null,
  headers text,
  history text
) with (
  fillfactor = 50,
  -- Its dead rows come quickly and go quickly, and its end is never given back: that would lock out everybody for a moment.
  autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0,
  autovacuum_analyze_scale_factor = 0.1, autovacuum_analyze_threshold = 5000, vacuum_truncate = false
);
comment on column ${schema}.message.rank is 'the priority, turned round: the lowest is claimed first; without effect on a message with a key';
comment on column ${schema}.message.due_at is 'not before; null when it is ready';
comment on column ${schema}.message.claims is 'how often it was claimed: with the id the fencing token; never reset';
comment on column ${schema}.message.host is 'who has claimed it; null when nobody has';
comment on column ${schema}.message.history is 'one line of JSON for each failure';

create index message_ready on ${schema}.message (channel, rank, id)
  where due_at is null and key is null and not is_suspect;
create index message_ready_key on ${schema}.message (channel, key, id)
  where key is not null and due_at is null and not is_suspect;
create index message_waiting_key on ${schema}.message (channel, key, id)
  where key is not null and (due_at is not null or is_suspect);
create index message_due on ${schema}.message (channel, due_at) where due_at is not null;
create index message_suspect on ${schema}.message (channel, id) where is_suspect;
-- The last word on "one at a time": no two messages of a key are claimed together, whatever a claim may think.
create unique index message_held_key on ${schema}.message (channel, key) where holds_key;

create table ${schema}.dead (
  id bigint primary key,
  created_at timestamptz not null,
  dead_at timestamptz not null,
  attempt int not null,
  crashes int not null,
  claims int not null,
  rank smallint not null,
  wants_result boolean not null,
  channel text collate "C" not null,
  reason text collate "C" not null,
  key text collate "C",
  payload text not null,
  headers text,
  history text
);
create index dead_latest on ${schema}.dead (dead_at, id);
create index dead_channel on ${schema}.dead (channel, dead_at, id);

create table ${schema}.finished (
  id bigint primary key,
  finished_at timestamptz not null,
  expires_at timestamptz not null,
  is_dead boolean not null,
  channel text collate "C" not null,
  result text
);
create index finished_expires on ${schema}.finished (expires_at);
create index finished_latest on ${schema}.finished (channel, finished_at, id);

create sequence ${schema}.host_id as int cycle;
create table ${schema}.host (
  id int primary key,
  since timestamptz not null,
  lease_until timestamptz not null,
  beats_until timestamptz,
  name text not null
) with (fillfactor = 50);
comment on column ${schema}.host.beats_until is 'the end of its last heartbeat; null for a host whose life is a lock';

create table ${schema}.deduplication (
  message_id bigint not null,
  expires_at timestamptz not null,
  channel text collate "C" not null,
  key text collate "C" not null,
  primary key (channel, key)
);
create index deduplication_expires on ${schema}.deduplication (expires_at);

create table ${schema}.tick (
  due_at_ms bigint not null,
  asked_at timestamptz not null,
  ticker text collate "C" not null,
  primary key (ticker, due_at_ms)
);
create index tick_asked on ${schema}.tick (asked_at);

create table ${schema}.once (
  seen_at timestamptz not null,
  key text collate "C" primary key
);
create index once_seen on ${schema}.once (seen_at);

-- No statistics: what lies where changes by the second. A plan for a table in which nearly everything was claimed, or delayed, or had no key
-- a minute ago reads all of it to find the little that it expects. Without them the planner expects little of everything, always.
${COLUMNS.map((column) => `alter table ${schema}.message alter column ${column} set statistics 0;`).join('\n')}

-- Ballast: 160 pages that stay. A plan that is made while the table is all but empty reads the whole of it, for that is cheap then, and a
-- prepared statement keeps its plan while the table grows. A table that never looks small is read by its indexes from the beginning.
alter table ${schema}.message set (fillfactor = 10);
insert into ${schema}.message (id, created_at, ready_at, rank, channel, payload)
  select -n, now(), now(), 0, '', repeat('x', 1500) from generate_series(1, 160) n;
delete from ${schema}.message where id < 0;
alter table ${schema}.message set (fillfactor = 50);
`;

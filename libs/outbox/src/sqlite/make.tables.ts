import type { Tables } from './tables.js';

/**
 * The tables: each is a place, and what lies in it is in that state.
 *
 * The small columns of a message stand before the large ones, because a row is read from its beginning. `host` is who claimed it;
 * `due_at_ms` is null when it is not delayed; `ready_at_ms` is since when, or from when, it is ready; `claims` is the fencing number.
 *
 * Of the messages with one key exactly one has `is_head`, and only it can be claimed: the one that is claimed, else the oldest. Triggers see
 * to that whatever adds, gives back or removes messages, and a unique index would refuse a second one. An older one comes in behind a
 * claimed one when a dead letter is retried. Those behind it lie in no index that a claim looks at, so a long line of one
 * key slows down no other.
 */
export function makeTables({ message, dead, finished, host, deduplication, tick, once, meta }: Tables): string {
  return `
create table ${message} (
  id integer primary key autoincrement,
  channel text not null,
  rank integer not null,
  host integer,
  due_at_ms integer,
  is_head integer not null,
  is_suspect integer not null default 0,
  claims integer not null default 0,
  attempt integer not null default 0,
  crashes integer not null default 0,
  created_at_ms integer not null,
  ready_at_ms integer not null,
  expires_at_ms integer,
  wants_result integer not null,
  key text,
  headers text,
  history text,
  payload text not null
);
create index ${message}_ready on ${message} (channel, rank, id, ready_at_ms)
  where host is null and due_at_ms is null and is_head = 1 and is_suspect = 0;
create index ${message}_delayed on ${message} (channel, due_at_ms) where due_at_ms is not null;
create index ${message}_claimed on ${message} (host) where host is not null;
create index ${message}_suspect on ${message} (channel) where is_suspect = 1;
create unique index ${message}_head on ${message} (channel, key) where is_head = 1 and key is not null;
create index ${message}_behind on ${message} (channel, key, id, due_at_ms, ready_at_ms) where is_head = 0;

create trigger ${message}_enters after insert on ${message} when new.key is not null begin
  update ${message} set is_head = 0
    where channel = new.channel and key = new.key and is_head = 1 and host is null and id > new.id;
  update ${message} set is_head = 1
    where id = new.id
    and not exists (select 1 from ${message} where channel = new.channel and key = new.key and is_head = 1);
end;
create trigger ${message}_returns after update of host on ${message}
when new.key is not null and new.host is null and old.host is not null begin
  update ${message} set is_head = 0
    where id = new.id
    and exists (
      select 1 from ${message} where channel = new.channel and key = new.key and is_head = 0 and id < new.id
    );
  update ${message} set is_head = 1
    where id = (select min(id) from ${message} where channel = new.channel and key = new.key and is_head = 0)
    and not exists (select 1 from ${message} where channel = new.channel and key = new.key and is_head = 1);
end;
create trigger ${message}_leaves after delete on ${message} when old.key is not null and old.is_head = 1 begin
  update ${message} set is_head = 1
    where id = (select min(id) from ${message} where channel = old.channel and key = old.key and is_head = 0);
end;

create table ${dead} (
  sequence integer primary key autoincrement,
  id integer not null unique,
  channel text not null,
  rank integer not null,
  claims integer not null,
  attempt integer not null,
  crashes integer not null,
  created_at_ms integer not null,
  dead_at_ms integer not null,
  wants_result integer not null,
  reason text not null,
  key text,
  headers text,
  history text,
  payload text not null
);
create index ${dead}_channel on ${dead} (channel);

create table ${finished} (
  sequence integer primary key autoincrement,
  id integer not null unique on conflict replace,
  channel text not null,
  type text not null,
  keep_until_ms integer not null,
  wants_result integer not null,
  result text
);
create index ${finished}_channel on ${finished} (channel);
create index ${finished}_keep on ${finished} (keep_until_ms);

create table ${host} (
  id integer primary key autoincrement,
  name text not null,
  machine text not null,
  process integer not null,
  started text not null,
  lease_ms integer not null,
  lease_until_ms integer not null
);

create table ${deduplication} (
  channel text not null,
  key text not null,
  id integer not null,
  until_ms integer not null,
  primary key (channel, key)
) without rowid;
create index ${deduplication}_until on ${deduplication} (until_ms);

create table ${tick} (
  ticker text not null,
  due_at_ms integer not null,
  asked_at_ms integer not null,
  primary key (ticker, due_at_ms)
) without rowid;
create index ${tick}_asked on ${tick} (asked_at_ms);

create table ${once} (
  key text primary key,
  used_at_ms integer not null
) without rowid;
create index ${once}_used on ${once} (used_at_ms);

create table ${meta} (
  name text primary key,
  value text not null
) without rowid;
insert into ${meta} (name, value) values ('installation', ${RANDOM_UUID});
`;
}

const RANDOM_UUID = `lower(
  hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-'
  || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))
)`;

import { next } from './shift.js';
import { lines } from './values.js';

/** The lock of a projection's runner. $1 the schema, $2 the projection. */
const LOCK = `hashtextextended('nestjs-workers projection ' || $1 || ' ' || $2, 0)`;

/** $1 and $2 as above. Held until the transaction ends; by itself it is not yet one that writes, and holds back no reader of the log. */
export const lockSql = `select pg_try_advisory_xact_lock(${LOCK}) as is_ours`;

/** $1 the projection: where it is, and whether that was in another server. */
export const checkpointSql = (at: string): string =>
  lines(`
  select position, split_part(position, ':', 1)::bigint >= ${next(at)} as is_ahead
  from ${at}.workflow_projection where name = $1`);

/** $1 the projection, $2 the position. */
export const recordSql = (at: string): string =>
  lines(`
  insert into ${at}.workflow_projection (name, position) values ($1, $2)
  on conflict (name) do update set position = excluded.position`);

/** $1 and $2 as above: waits for its runner, which would record where it was. */
export const waitSql = `select pg_advisory_xact_lock(${LOCK})`;

/** $1 how long a lock is waited for in this transaction. */
export const patienceSql = `select set_config('lock_timeout', $1, true)`;

/** $1 the projection. */
export const rewindSql = (at: string): string => lines(`delete from ${at}.workflow_projection where name = $1`);

import { lines } from './values.js';

/** $1 the schema, $2 the projection. Held until the transaction ends; by itself it is not yet one that writes, and holds back no reader of the log. */
export const lockSql = lines(
  `select pg_try_advisory_xact_lock(hashtextextended('nestjs-workers projection ' || $1 || ' ' || $2, 0)) as is_ours`,
);

/** $1 the projection. */
export const checkpointSql = (at: string): string =>
  lines(`select position from ${at}.workflow_projection where name = $1`);

/** $1 the projection, $2 the position. */
export const recordSql = (at: string): string =>
  lines(`
  insert into ${at}.workflow_projection (name, position) values ($1, $2)
  on conflict (name) do update set position = excluded.position`);

/** $1 the schema, $2 the projection: waits for its runner, which would record where it was. */
export const waitSql = lines(
  `select pg_advisory_xact_lock(hashtextextended('nestjs-workers projection ' || $1 || ' ' || $2, 0))`,
);

/** $1 the projection. */
export const rewindSql = (at: string): string => lines(`delete from ${at}.workflow_projection where name = $1`);

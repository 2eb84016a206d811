import type { Store } from '@nestjs-workers/outbox/extension';
import { lines } from './values.js';

/**
 * How the log is counted on in another server: what is known before.
 *
 * An event has the number of the transaction that wrote it, and such numbers are of one server: it counts them from its own beginning. A
 * database that was dumped and restored elsewhere brings numbers that come there only in years; what is written meanwhile would lie before
 * them, and projections would pass it over. So numbers have a shift: what is added to them here, so that they go on above all that was brought.
 *
 * A number that is higher than any that this server has given can only have been brought, and is noticed when a host opens the store, before it
 * writes. Numbers that were brought and are lower need nothing: whatever comes is above them.
 */
export interface Standing {
  /** The highest number of an event, or of where a projection is. */
  readonly highest: bigint;
  readonly isAhead: boolean;
}

/** The SQL of what is added here. A lost row is a log that was never counted on: if it was, its numbers are noticed as brought. */
export const shift = (at: string): string => `coalesce((select shift from ${at}.workflow_log limit 1), 0)`;

/** The SQL of a number above every one that this server has given. */
export const next = (at: string): string => `(pg_snapshot_xmax(pg_current_snapshot())::text::bigint + ${shift(at)})`;

/** From workflow to workflow, because the index of the log begins with it. */
const standingSql = (at: string): string =>
  lines(`
  with recursive names(workflow) as (
    (select e.workflow from ${at}.workflow_event e order by e.workflow limit 1)
    union all
    select (select e.workflow from ${at}.workflow_event e where e.workflow > n.workflow order by e.workflow limit 1)
    from names n where n.workflow is not null
  ), numbers(number) as (
    select (
      select e.xid from ${at}.workflow_event e where e.workflow = n.workflow order by e.xid desc, e.sequence desc limit 1
    )::text::bigint from names n where n.workflow is not null
    union all
    select split_part(position, ':', 1)::bigint from ${at}.workflow_projection
  )
  select coalesce(max(number), 0)::text as highest, coalesce(max(number) >= ${next(at)}, false) as is_ahead from numbers`);

/** Looks whether the log came from another server. */
export async function standing(
  run: (sql: string, parameters: readonly unknown[]) => unknown,
  at: string,
): Promise<Standing> {
  const [row] = (await run(standingSql(at), [])) as [{ readonly highest: string; readonly is_ahead: boolean }];
  return { highest: BigInt(row.highest), isAhead: row.is_ahead };
}

/** Counts on above what was brought; false when nothing was. Whoever writes waits meanwhile, and whoever comes second finds it done. */
export function countOn(store: Store, at: string): Promise<boolean> {
  return store.transact(async (transaction) => {
    await transaction.run(`lock table ${at}.workflow_event in access exclusive mode`, []);
    const { highest, isAhead } = await standing((sql, parameters) => transaction.run(sql, parameters), at);
    if (!isAhead) return false;
    await transaction.run(`delete from ${at}.workflow_log`, []);
    await transaction.run(`insert into ${at}.workflow_log (shift) values ($1::bigint)`, [`${highest}`]);
    // A default, and not part of the statement that writes: changing it waits for all that are writing, and is seen by all after them.
    await transaction.run(
      `alter table ${at}.workflow_event alter column xid set default (pg_current_xact_id()::text::bigint + ${highest})::text::xid8`,
      [],
    );
    return true;
  });
}

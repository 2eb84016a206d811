import type { Position } from '../store/store.js';
import { shift } from './shift.js';
import { EVENT, lines } from './values.js';

/**
 * $1 and $2 the position, $3 workflows, $4 the limit.
 *
 * Transactions get their numbers when they begin to write and are seen when they commit, so a lower number may come later. Only those are
 * read below which none is under way any more: whatever comes is above. A transaction elsewhere that writes and stays open holds the log
 * back until it ends; nothing is ever passed over. In another server than where it began the log is counted on by a shift, see shift.ts.
 */
export const eventsAfterSql = (at: string): string =>
  lines(`
  select e.xid::text as xid, e.workflow, e.instance, ${EVENT} from unnest($3::text[]) as w(name) cross join lateral (
    select * from ${at}.workflow_event e
    where e.workflow = w.name and (e.xid, e.sequence) > ($1::text::xid8, $2::int)
      and e.xid < (select (pg_snapshot_xmin(pg_current_snapshot())::text::bigint + ${shift(at)})::text::xid8)
    order by e.xid, e.sequence limit $4::int
  ) e
  order by e.xid, e.sequence limit $4::int`);

/** The number of a transaction, and of an event in its instance. */
export function read(position: Position | undefined): readonly [xid: string, sequence: number] {
  const [xid = '0', sequence = '0'] = (position ?? '0:0').split(':');
  return [xid, Number(sequence)];
}

export const write = (xid: unknown, sequence: unknown): Position => `${String(xid)}:${String(sequence)}`;

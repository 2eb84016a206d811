import type { InstanceQuery } from '../store/store.js';
import { lines, msOf } from './values.js';

/** $1 the limit, $2 before, $3 the workflow where one is asked for. */
export const listSql = (at: string, { workflow, state }: InstanceQuery): string => {
  const where = ['number < $2::bigint'];
  if (workflow !== undefined) where.push('workflow = $3');
  if (state !== undefined) where.push(state === 'completed' ? 'is_completed' : 'not is_completed');
  return lines(`
  select number, workflow, id, version, is_completed, ${msOf('started_at')} as started_at_ms, ${msOf('changed_at')} as changed_at_ms
  from ${at}.workflow_instance where ${where.join(' and ')} order by number desc limit $1::int`);
};

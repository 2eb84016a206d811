import type { NewMessage, OwnTransaction } from '@nestjs-workers/outbox/extension';
import { firedOf } from '../store/rows.js';
import type { Fired, FiredTimer } from '../store/store.js';
import { runnerOf } from './commit.js';
import { NOW_MS } from './tables.js';

/** Marks what is due as fired and puts its messages; then looks what is due next. */
export function fire(
  transaction: OwnTransaction,
  prefix: string,
  workflows: readonly string[],
  limit: number,
  messageOf: (timer: FiredTimer) => NewMessage,
): Fired {
  const run = runnerOf(transaction);
  const table = `${prefix}workflow_timer`;
  const names = '(select value from json_each(?))';
  const due = run(
    `select workflow, instance, key, generation, input, due_at_ms from ${table}
    where workflow in ${names} and fired_at_ms is null and due_at_ms <= ${NOW_MS}
    order by due_at_ms, generation limit ?`,
    [JSON.stringify(workflows), limit],
  ).map(firedOf);
  if (due.length > 0) {
    run(`update ${table} set fired_at_ms = ${NOW_MS} where generation in (select value from json_each(?))`, [
      JSON.stringify(due.map(({ generation }) => generation)),
    ]);
    void transaction.append(due.map((timer) => messageOf(timer)));
  }
  const [next] = run(
    `select min(due_at_ms) - ${NOW_MS} as next_ms from ${table} where workflow in ${names} and fired_at_ms is null`,
    [JSON.stringify(workflows)],
  );
  const nextMs = next?.['next_ms'] ?? null;
  return { count: due.length, nextDueMs: nextMs === null ? undefined : Math.max(0, Number(nextMs)) };
}

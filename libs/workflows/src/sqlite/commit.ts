import type { OwnTransaction, Rows } from '@nestjs-workers/outbox/extension';
import type { Commit, Committed, Instance, Snapshot } from '../store/store.js';
import { NOW_MS } from './tables.js';

/** Runs one statement at once: the handle is synchronous, and so is what it lends. */
export type Run = (sql: string, parameters: readonly unknown[]) => Rows;

export const runnerOf =
  (transaction: OwnTransaction): Run =>
  (sql, parameters) =>
    transaction.run(sql, parameters) as Rows;

/** Everything that one decision asks for, in a transaction in which nobody else writes. */
export class Committing {
  constructor(private readonly prefix: string) {}

  run(transaction: OwnTransaction, commit: Commit): Committed {
    const run = runnerOf(transaction);
    const { once, effects } = commit;
    if (once !== null && transaction.once(once) === false) return { type: 'repeated' };
    const obstacle = this.obstacle(run, commit);
    if (obstacle !== undefined) {
      transaction.takeBack();
      return obstacle;
    }
    // A synchronous append answers at once, and what it throws takes all of this back.
    if (effects.length > 0) void transaction.append(effects);
    // What is rejected before it begins leaves no instance.
    if (commit.version > 0 || commit.events.length > 0) this.write(run, commit);
    return { type: 'committed' };
  }

  keepSnapshot(run: Run, { workflow, id }: Instance, { version, schema, state }: Snapshot): void {
    run(
      `insert into ${this.prefix}workflow_snapshot as s (workflow, instance, version, schema, state)
      select ?, ?, ?, ?, ? from ${this.prefix}workflow_instance where workflow = ? and id = ?
      on conflict (workflow, instance) do update
        set version = excluded.version, schema = excluded.schema, state = excluded.state
        where s.schema <> excluded.schema or s.version < excluded.version`,
      [workflow, id, version, schema, state, workflow, id],
    );
  }

  private obstacle(run: Run, commit: Commit): Committed | undefined {
    const { prefix } = this;
    const { instance, version, firedTimer, uniqueKey } = commit;
    const [found] = run(`select version, is_completed from ${prefix}workflow_instance where workflow = ? and id = ?`, [
      instance.workflow,
      instance.id,
    ]);
    if (Number(found?.['version'] ?? 0) !== version || found?.['is_completed'] === 1) return { type: 'conflict' };
    if (firedTimer !== undefined) {
      const timer = run(
        `select 1 from ${prefix}workflow_timer where generation = ? and workflow = ? and instance = ? and key = ?`,
        [firedTimer.generation, instance.workflow, instance.id, firedTimer.key],
      );
      if (timer.length === 0) return { type: 'timer-gone' };
    }
    if (uniqueKey === null || version > 0) return undefined;
    const [holder] = run(
      `select id from ${prefix}workflow_instance where workflow = ? and unique_key = ? and is_completed = 0`,
      [instance.workflow, uniqueKey],
    );
    return holder === undefined ? undefined : { type: 'key-taken', by: String(holder['id']) };
  }

  private write(run: Run, commit: Commit): void {
    const { prefix } = this;
    const { instance, version, events, completes, uniqueKey, input, snapshot } = commit;
    const { workflow, id } = instance;
    const reached = version + events.length;
    if (version === 0)
      run(
        `insert into ${prefix}workflow_instance
          (workflow, id, version, is_completed, unique_key, started_at_ms, changed_at_ms)
        values (?, ?, ?, ?, ?, ${NOW_MS}, ${NOW_MS})`,
        [workflow, id, reached, completes ? 1 : 0, uniqueKey],
      );
    else if (events.length > 0 || completes)
      run(
        `update ${prefix}workflow_instance set version = ?, is_completed = ?, changed_at_ms = ${NOW_MS}
        where workflow = ? and id = ?`,
        [reached, completes ? 1 : 0, workflow, id],
      );
    for (const [at, { type, schema, payload }] of events.entries())
      run(
        `insert into ${prefix}workflow_event (workflow, instance, sequence, type, schema, payload, input, created_at_ms)
        values (?, ?, ?, ?, ?, ?, ?, ${NOW_MS})`,
        [workflow, id, version + at + 1, type, schema, payload, input],
      );
    this.writeTimers(run, commit);
    if (snapshot !== undefined) this.keepSnapshot(run, instance, snapshot);
  }

  private writeTimers(run: Run, { instance, timers, cancelled, firedTimer, completes }: Commit): void {
    const { workflow, id } = instance;
    const table = `${this.prefix}workflow_timer`;
    if (completes) {
      run(`delete from ${table} where workflow = ? and instance = ?`, [workflow, id]);
      return;
    }
    const gone = [...cancelled, ...timers.map(({ key }) => key), ...(firedTimer === undefined ? [] : [firedTimer.key])];
    for (const key of new Set(gone))
      run(`delete from ${table} where workflow = ? and instance = ? and key = ?`, [workflow, id, key]);
    for (const { key, input, delayMs } of new Map(timers.map((timer) => [timer.key, timer])).values())
      run(`insert into ${table} (workflow, instance, key, input, due_at_ms) values (?, ?, ?, ?, ${NOW_MS} + ?)`, [
        workflow,
        id,
        key,
        input,
        Math.ceil(delayMs),
      ]);
  }
}

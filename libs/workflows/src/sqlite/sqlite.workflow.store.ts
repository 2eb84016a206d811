import type { Annex, Migrations, NewMessage, Store } from '@nestjs-workers/outbox/extension';
import { eventOf, instanceOf, loadedOf, loggedOf, timerOf } from '../store/rows.js';
import type * as contract from '../store/store.js';
import { Committing, runnerOf } from './commit.js';
import { fire } from './fire.js';
import { Projections } from './projections.js';
import { LEDGER, NOW_MS } from './tables.js';

/**
 * The workflow store in SQLite, in the database of the outbox: for one machine, as that one.
 *
 * Promises, beside those of every workflow store: decisions of one turn of the event loop share a commit.
 * Does not promise: parallel commits, of instances or hosts. A database has one writer at a time.
 */
export class SqliteWorkflowStore implements contract.WorkflowStore {
  readonly kind = 'sqlite';
  readonly migrations: Migrations;
  private readonly annex: Annex;
  private readonly at: string;
  private readonly committing: Committing;
  private readonly projections: Projections;

  constructor(private readonly store: Store) {
    this.annex = store.annex(LEDGER);
    this.migrations = this.annex.migrations;
    this.at = `${this.annex.namespace}workflow_`;
    this.committing = new Committing(this.annex.namespace);
    this.projections = new Projections(store, this.annex);
  }

  open(options: { readonly migrate: boolean }): Promise<void> {
    return this.annex.open(options);
  }

  /** One statement, because one statement sees one state of the database. */
  async load({ workflow, id }: contract.Instance, schema: number | undefined): Promise<contract.Loaded> {
    const rows = await this.annex.run(
      `with asked(workflow, instance) as (values (?, ?)),
        snapshot as materialized (
          select s.version, s.state from ${this.at}snapshot s join asked using (workflow, instance) where s.schema = ?
        )
      select null as sequence, null as type, null as schema, null as payload, null as input, null as created_at_ms,
        i.version, i.is_completed, s.version as snapshot_version, s.state, ${NOW_MS} as now_ms
      from asked left join ${this.at}instance i on i.workflow = asked.workflow and i.id = asked.instance left join snapshot s
      union all
      select * from (
        select e.sequence, e.type, e.schema, e.payload, e.input, e.created_at_ms, null, null, null, null, null
        from asked join ${this.at}event e using (workflow, instance)
        where e.sequence > coalesce((select version from snapshot), 0) order by e.sequence
      )`,
      [workflow, id, schema ?? null],
    );
    return loadedOf(rows, schema);
  }

  commit(commit: contract.Commit): Promise<contract.Committed> {
    return this.store.transact((transaction) => this.committing.run(transaction, commit));
  }

  keepSnapshot(instance: contract.Instance, snapshot: contract.Snapshot): Promise<void> {
    return this.store.transact((transaction) =>
      this.committing.keepSnapshot(runnerOf(transaction), instance, snapshot),
    );
  }

  fire(
    workflows: readonly string[],
    limit: number,
    messageOf: (timer: contract.FiredTimer) => NewMessage,
  ): Promise<contract.Fired> {
    return this.store.transact((transaction) => fire(transaction, this.annex.namespace, workflows, limit, messageOf));
  }

  async history(
    { workflow, id }: contract.Instance,
    { after, limit }: { readonly after: number; readonly limit: number },
  ): Promise<readonly contract.StoredEvent[]> {
    const rows = await this.annex.run(
      `select sequence, type, schema, payload, input, created_at_ms from ${this.at}event
      where workflow = ? and instance = ? and sequence > ? order by sequence limit ?`,
      [workflow, id, after, limit],
    );
    return rows.map(eventOf);
  }

  async timers({ workflow, id }: contract.Instance): Promise<readonly contract.PendingTimer[]> {
    const rows = await this.annex.run(
      `select key, generation, input, due_at_ms, fired_at_ms is not null as is_fired from ${this.at}timer
      where workflow = ? and instance = ? order by due_at_ms, generation`,
      [workflow, id],
    );
    return rows.map(timerOf);
  }

  async list(
    { workflow, state }: contract.InstanceQuery,
    { limit, before = Number.MAX_SAFE_INTEGER }: { readonly limit: number; readonly before?: number },
  ): Promise<readonly contract.InstanceRow[]> {
    const where = ['number < ?'];
    if (workflow !== undefined) where.push('workflow = ?');
    if (state !== undefined) where.push(`is_completed = ${state === 'completed' ? 1 : 0}`);
    const named = workflow === undefined ? [] : [workflow];
    const rows = await this.annex.run(
      `select * from ${this.at}instance where ${where.join(' and ')} order by number desc limit ?`,
      [before, ...named, limit],
    );
    return rows.map(instanceOf);
  }

  async eventsAfter(
    position: contract.Position | undefined,
    workflows: readonly string[],
    limit: number,
  ): Promise<readonly contract.LoggedEvent[]> {
    const rows = await this.annex.run(
      `select * from ${this.at}event where workflow in (select value from json_each(?)) and id > ? order by id limit ?`,
      [JSON.stringify(workflows), Number(position ?? 0), limit],
    );
    return rows.map((row) => loggedOf(row, String(row['id'])));
  }

  checkpoint(projection: string): Promise<contract.Position | undefined> {
    return this.projections.checkpoint(projection);
  }

  project(projection: string, work: contract.ProjectionWork): Promise<boolean> {
    return this.projections.project(projection, (from) => work(from, (...asked) => this.eventsAfter(...asked)));
  }

  rewind(projection: string): Promise<void> {
    return this.projections.rewind(projection);
  }
}

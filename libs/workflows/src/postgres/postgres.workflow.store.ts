import { StoreOutdatedError } from '@nestjs-workers/outbox';
import {
  type Annex,
  type AppendingPart,
  type Migrations,
  type NewMessage,
  type OwnTransaction,
  type Store,
} from '@nestjs-workers/outbox/extension';
import { eventOf, firedOf, instanceOf, loadedOf, loggedOf, timerOf } from '../store/rows.js';
import type * as contract from '../store/store.js';
import { commitStatement, keepSnapshotSql, reasonSql } from './commit.js';
import { fireSql } from './fire.js';
import { listSql } from './list.js';
import { Gate } from './gate.js';
import { historySql, loadSql, timersSql } from './load.js';
import * as log from './log.js';
import { checkpointSql, lockSql, patienceSql, recordSql, rewindSql, waitSql } from './project.js';
import { countOn, standing, type Standing } from './shift.js';
import { LEDGER } from './tables.js';

/**
 * The workflow store on PostgreSQL, from version 13 on, in the schema of the outbox.
 *
 * Promises, beside those of every workflow store: to load is one round trip; a commit is one as well, unless it is of a message, or asks for
 * effects that have a key or are there once: then it is a transaction; two hosts never fire one timer.
 * Does not promise: that a projection sees events while a transaction that wrote before them stays open, anywhere on the server. A
 * projection holds a connection of the pool while it runs, and half of the pool do at a time.
 */
export class PostgresWorkflowStore implements contract.WorkflowStore {
  readonly kind = 'postgres';
  readonly migrations: Migrations;
  private readonly annex: Annex;
  private readonly at: string;
  private gate: Promise<Gate> | undefined;

  constructor(private readonly store: Store) {
    this.annex = store.annex(LEDGER);
    this.at = this.annex.namespace;
    const { migrations } = this.annex;
    this.migrations = {
      status: () => migrations.status(),
      sql: (after) => migrations.sql(after),
      run: async () => [...(await migrations.run()), ...((await this.countOn()) ? [COUNTING_ON] : [])],
    };
  }

  async open({ migrate }: { readonly migrate: boolean }): Promise<void> {
    await this.annex.open({ migrate });
    if (migrate) await this.countOn();
    else if ((await this.standing()).isAhead) throw new StoreOutdatedError(this.kind, [COUNTING_ON], LEDGER.owner);
  }

  async load({ workflow, id }: contract.Instance, schema: number | undefined): Promise<contract.Loaded> {
    return loadedOf(await this.annex.run(loadSql(this.at), [workflow, id, schema ?? null]), schema);
  }

  async commit(commit: contract.Commit): Promise<contract.Committed> {
    try {
      return (await this.write(commit)) ?? (await this.reason(commit));
    } catch (error) {
      if (!isKeyTaken(error)) throw error;
      // Whoever took it at the same moment may be over by now: then there is nothing in the way but that it is to be tried again.
      return this.reason(commit);
    }
  }

  async keepSnapshot({ workflow, id }: contract.Instance, snapshot: contract.Snapshot): Promise<void> {
    const { version, schema, state } = snapshot;
    await this.annex.run(keepSnapshotSql(this.at), [workflow, id, version, schema, state]);
  }

  async fire(
    workflows: readonly string[],
    limit: number,
    messageOf: (timer: contract.FiredTimer) => NewMessage,
  ): Promise<contract.Fired> {
    return this.store.transact(async (transaction) => {
      const rows = await transaction.run(fireSql(this.at), [workflows, limit]);
      const fired = rows.filter(({ key }) => key !== null).map(firedOf);
      const next = rows.find(({ key }) => key === null)?.['next_ms'];
      const inOrder = fired.toSorted((one, other) => one.dueAtMs - other.dueAtMs || one.generation - other.generation);
      if (fired.length > 0) await transaction.append(inOrder.map((timer) => messageOf(timer)));
      const isMore = fired.length === limit;
      const nextDueMs = isMore ? 0 : typeof next === 'number' ? Math.max(0, Math.ceil(next)) : undefined;
      return { count: fired.length, nextDueMs };
    });
  }

  async history(
    { workflow, id }: contract.Instance,
    { after, limit }: { readonly after: number; readonly limit: number },
  ): Promise<readonly contract.StoredEvent[]> {
    return (await this.annex.run(historySql(this.at), [workflow, id, after, limit])).map(eventOf);
  }

  async timers({ workflow, id }: contract.Instance): Promise<readonly contract.PendingTimer[]> {
    return (await this.annex.run(timersSql(this.at), [workflow, id])).map(timerOf);
  }

  async list(
    query: contract.InstanceQuery,
    { limit, before = Number.MAX_SAFE_INTEGER }: { readonly limit: number; readonly before?: number },
  ): Promise<readonly contract.InstanceRow[]> {
    const named = query.workflow === undefined ? [] : [query.workflow];
    return (await this.annex.run(listSql(this.at, query), [limit, before, ...named])).map(instanceOf);
  }

  async eventsAfter(
    position: contract.Position | undefined,
    workflows: readonly string[],
    limit: number,
  ): Promise<readonly contract.LoggedEvent[]> {
    return this.readLog(this.annex, position, workflows, limit);
  }

  async checkpoint(projection: string): Promise<contract.Position | undefined> {
    const [row] = await this.annex.run(checkpointSql(this.at), [projection]);
    return row === undefined ? undefined : String(row['position']);
  }

  async project(projection: string, work: contract.ProjectionWork): Promise<boolean> {
    this.gate ??= this.newGate();
    const gate = await this.gate;
    return gate.pass(() =>
      this.store.transact(async (transaction) => {
        const [lock] = await transaction.run(lockSql, [this.at, projection]);
        if (lock?.['is_ours'] !== true) return false;
        const [found] = await transaction.run(checkpointSql(this.at), [projection]);
        if (found?.['is_ahead'] === true) throw new StoreOutdatedError(this.kind, [COUNTING_ON], LEDGER.owner);
        const from = found === undefined ? undefined : String(found['position']);
        const position = await work(from, (...asked) => this.readLog(transaction, ...asked));
        if (position !== undefined) await transaction.run(recordSql(this.at), [projection, position]);
        return true;
      }),
    );
  }

  async rewind(projection: string): Promise<void> {
    while (!(await this.rewound(projection))) await new Promise((resolve) => setTimeout(resolve, REST_MS));
  }

  /** False when its runner took longer: its connection is wanted by others. */
  private async rewound(projection: string): Promise<boolean> {
    try {
      await this.store.transact(async (transaction) => {
        await transaction.run(patienceSql, [`${PATIENCE_MS}ms`]);
        await transaction.run(waitSql, [this.at, projection]);
        await transaction.run(rewindSql(this.at), [projection]);
      });
      return true;
    } catch (error) {
      if (isLockTimeout(error)) return false;
      throw error;
    }
  }

  /**
   * A projection holds a connection while its handler works, who may need another one of the same pool: so they must not be able to take
   * all of them.
   */
  private async newGate(): Promise<Gate> {
    const connections = (await this.annex.connections?.()) ?? 1;
    return new Gate(Math.max(1, Math.floor(connections / 2)));
  }

  private async readLog(
    runner: Annex | OwnTransaction,
    position: contract.Position | undefined,
    workflows: readonly string[],
    limit: number,
  ): Promise<readonly contract.LoggedEvent[]> {
    const rows = await runner.run(log.eventsAfterSql(this.at), [...log.read(position), workflows, limit]);
    return rows.map((row) => loggedOf(row, log.write(row['xid'], row['sequence'])));
  }

  private standing(): Promise<Standing> {
    return standing((sql, parameters) => this.annex.run(sql, parameters), this.at);
  }

  /** The lock is asked for only where there is something to do. */
  private async countOn(): Promise<boolean> {
    return (await this.standing()).isAhead && countOn(this.store, this.at);
  }

  /** Undefined when something was in the way: then nothing was written. */
  private async write(commit: contract.Commit): Promise<contract.Committed | undefined> {
    const { effects, once } = commit;
    const part = effects.length > 0 && !isEmpty(commit) ? this.annex.appending?.(effects) : undefined;
    const isAppending = effects.length > 0 && part === undefined;
    if (once === null && !isAppending) return (await this.decide(commit, this.annex, part)) ? COMMITTED : undefined;
    return this.store.transact(async (transaction) => {
      if (once !== null && !(await transaction.once(once))) return { type: 'repeated' };
      if (await this.decide(commit, transaction, part)) {
        if (isAppending) await transaction.append(effects);
        return COMMITTED;
      }
      transaction.takeBack();
      return undefined;
    });
  }

  /** Writes everything, the effects only with a part that does; false when something was in the way. */
  private async decide(
    commit: contract.Commit,
    runner: Annex | OwnTransaction,
    effects: AppendingPart | undefined,
  ): Promise<boolean> {
    if (isEmpty(commit)) return (await this.obstacle(commit, runner)) === undefined;
    const { sql, parameters } = commitStatement(this.at, commit, effects);
    return (await runner.run(sql, parameters)).length > 0;
  }

  private async reason(commit: contract.Commit): Promise<contract.Committed> {
    return (await this.obstacle(commit, this.annex)) ?? { type: 'conflict' };
  }

  private async obstacle(
    { instance: { workflow, id }, version, firedTimer, uniqueKey }: contract.Commit,
    runner: Annex | OwnTransaction,
  ): Promise<contract.Committed | undefined> {
    const token = firedTimer ?? { key: null, generation: null };
    const parameters = [workflow, id, token.key, token.generation, version === 0 ? uniqueKey : null];
    const [row] = await runner.run(reasonSql(this.at), parameters);
    if (Number(row?.['version']) !== version || row?.['is_completed'] === true) return { type: 'conflict' };
    if (firedTimer !== undefined && Number(row?.['timers']) === 0) return { type: 'timer-gone' };
    return typeof row?.['holder'] === 'string' ? { type: 'key-taken', by: row['holder'] } : undefined;
  }
}

/** How long the runner of a projection is waited for at a time, and how long not. */
const PATIENCE_MS = 500;
const REST_MS = 100;

/** What has to be done to a database that came from another server. */
const COUNTING_ON = 'the log of events is counted on in this server';

/** What is rejected before it begins leaves no instance; there is nothing to write but what comes beside. */
const isEmpty = ({ version, events }: contract.Commit): boolean => version === 0 && events.length === 0;

const COMMITTED: contract.Committed = { type: 'committed' };

function isLockTimeout(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '55P03';
}

/** Somebody else began with the same key at the same moment. */
function isKeyTaken(error: unknown): boolean {
  return error instanceof Error && 'constraint' in error && error.constraint === 'workflow_instance_key';
}

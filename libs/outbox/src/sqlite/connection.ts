import { setTimeout as pause } from 'node:timers/promises';
import { StoreUnreachableError } from '../store/store.errors.js';
import type { Rows } from '../store/store.js';
import type { SqliteHandle, SqliteStatement } from './handle.js';
import { faultOf } from './sqlite.fault.js';

/** How long SQLite itself waits for another process's commit, holding the event loop; what lasts longer is waited for beside it. */
const HELD_TIMEOUT_MS = 50;
const LONGEST_PAUSE_MS = 4;

/**
 * A handle in use: prepared statements, and the one way into a transaction.
 *
 * Promises: `write` runs its work between BEGIN IMMEDIATE and COMMIT, or takes all of it back. A database that is busy, or a lent handle
 * with a transaction of the user's open on it, is waited for; the event loop goes on meanwhile.
 * Does not promise: an order among writes that wait.
 */
export class Connection {
  private readonly begin: Query;
  private readonly commit: Query;
  private readonly rollback: Query;

  constructor(
    readonly handle: SqliteHandle,
    /** How long a verb tries to begin before it gives up. */
    private readonly busyTimeoutMs: number,
  ) {
    this.begin = this.prepare('begin immediate');
    this.commit = this.prepare('commit');
    this.rollback = this.prepare('rollback');
  }

  /** Sets what a durable queue needs. In spite of its timeout SQLite refuses to wait when two processes set WAL at the same time. */
  async prepareDatabase(synchronous: string): Promise<void> {
    await this.retried(() => {
      const heldTimeoutMs = Number(this.ask('pragma busy_timeout', [])[0]?.['timeout'] ?? 0);
      if (heldTimeoutMs < HELD_TIMEOUT_MS) this.exec(`pragma busy_timeout = ${HELD_TIMEOUT_MS}`);
      if (this.ask('pragma journal_mode', [])[0]?.['journal_mode'] !== 'wal') this.ask('pragma journal_mode = wal', []);
      this.exec(`pragma synchronous = ${synchronous}`);
    });
  }

  /** A statement that is prepared when it is first used, and once. */
  prepare(sql: string): Query {
    return new Query(this.handle, sql);
  }

  /** Runs a statement that is not worth keeping. */
  ask(sql: string, parameters: readonly unknown[]): Rows {
    return this.handle.prepare(sql).all(parameters);
  }

  exec(sql: string): void {
    this.handle.exec(sql);
  }

  /** @throws StoreUnreachableError */
  async read<T>(work: () => T): Promise<T> {
    return this.retried(work);
  }

  /** @throws StoreUnreachableError Nothing was written. */
  async write<T>(work: () => T): Promise<T> {
    return this.retried(() => {
      this.begin.all([]);
      try {
        const result = work();
        this.commit.all([]);
        return result;
      } catch (error) {
        this.takeBack();
        throw error;
      }
    });
  }

  /** The one place where a fault of the database is judged. */
  private async retried<T>(work: () => T): Promise<T> {
    const startedAt = performance.now();
    for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      const isLentOut = this.isLentOut;
      try {
        if (!isLentOut) return work();
      } catch (cause) {
        const fault = faultOf(cause);
        if (fault === 'mistake') throw cause;
        if (fault === 'unreachable' || performance.now() - startedAt > this.busyTimeoutMs)
          throw new StoreUnreachableError('sqlite', { cause });
      }
      if (isLentOut && performance.now() - startedAt > this.busyTimeoutMs)
        throw new StoreUnreachableError('sqlite', {
          cause: new Error('a transaction of the application stayed open on the lent handle'),
        });
      await pause(pauseMs * (0.5 + Math.random()));
    }
  }

  /** Between our own transactions none is open, unless the user began one on the handle that was lent. */
  private get isLentOut(): boolean {
    return this.handle.isInTransaction;
  }

  private takeBack(): void {
    try {
      if (this.handle.isInTransaction) this.rollback.all([]);
    } catch {
      // What made the work fail says more, and a connection that cannot roll back has lost its transaction already.
    }
  }
}

/** One statement of one connection. */
export class Query {
  private statement: SqliteStatement | undefined;

  constructor(
    private readonly handle: SqliteHandle,
    private readonly sql: string,
  ) {}

  all(parameters: readonly unknown[]): Rows {
    return this.prepared.all(parameters);
  }

  /** What the only row calls `name`; undefined when there is no row. */
  value<T>(parameters: readonly unknown[], name = 'value'): T {
    return this.prepared.get(parameters)?.[name] as T;
  }

  private get prepared(): SqliteStatement {
    this.statement ??= this.handle.prepare(this.sql);
    return this.statement;
  }
}

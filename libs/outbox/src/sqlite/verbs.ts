import type {
  Appended,
  Claimed,
  Exchanged,
  Finished,
  NewMessage,
  PausedChannel,
  Promoted,
  Pruned,
  Retention,
  Rows,
  Settlement,
  StoredMessage,
  StoredStats,
  TakenOver,
  Wanted,
} from '../store/store.js';
import type { OwnTransaction } from '../store/annex.js';
import type { Append } from './append.js';
import { Claim } from './claim.js';
import type { Connection, Query } from './connection.js';
import { FinishedRecords } from './finished.js';
import { Peek } from './peek.js';
import { Pauses } from './pause.js';
import { Promote } from './promote.js';
import { Prune } from './prune.js';
import { Seats } from './seat.js';
import { Settle } from './settle.js';
import { Stats } from './stats.js';
import type { Tables } from './tables.js';
import { TakeOver } from './take.over.js';
import { tickSql } from './tick.js';
import { type SynchronousRun, Transactions } from './transactions.js';
import { Watch } from './watch.js';

/** What an open store can do: each verb with its transaction around it. */
export class Verbs {
  readonly seats: Seats;
  private readonly claiming: Claim;
  private readonly settling: Settle;
  private readonly promoting: Promote;
  private readonly takingOver: TakeOver;
  private readonly finished: FinishedRecords;
  private readonly pruning: Prune;
  private readonly counting: Stats;
  private readonly pauses: Pauses;
  private readonly peeking: Peek;
  private readonly watch: Watch;
  private readonly transactions: Transactions;
  private readonly firstTick: Query;
  private readonly name: Query;
  private readonly statements = new Map<string, Query>();

  constructor(
    readonly connection: Connection,
    tables: Tables,
    private readonly appending: Append,
  ) {
    this.claiming = new Claim(connection, tables);
    this.settling = new Settle(connection, tables, appending, this.runHere);
    this.promoting = new Promote(connection, tables);
    this.takingOver = new TakeOver(connection, tables);
    this.finished = new FinishedRecords(connection, tables);
    this.pruning = new Prune(connection, tables);
    this.counting = new Stats(connection, tables);
    this.transactions = new Transactions(connection, appending, this.runHere, tables);
    this.pauses = new Pauses(connection, tables);
    this.peeking = new Peek(connection, tables);
    this.firstTick = connection.prepare(tickSql(tables.tick));
    this.name = connection.prepare(`select value from ${tables.meta} where name = 'installation'`);
    this.seats = new Seats(connection, tables, (isHeld) => (isHeld ? this.watch.start() : this.watch.stop()));
    this.watch = new Watch(connection, this.seats, this.finished);
  }

  async close(): Promise<void> {
    try {
      await this.seats.giveUpAll();
    } finally {
      this.watch.stop();
    }
  }

  installation(): Promise<string> {
    return this.connection.read(() => this.name.value<string>([]));
  }

  append(messages: readonly NewMessage[]): Promise<readonly Appended[]> {
    // A synchronous handle answers at once, so what comes back is there before the commit.
    return this.connection.write(() => this.appending.run(this.runHere, messages) as readonly Appended[]);
  }

  transact<T>(work: (transaction: OwnTransaction) => T | Promise<T>): Promise<T> {
    return this.transactions.run(work);
  }

  /** Reads or writes; a statement by itself is a transaction, and waits as one does. */
  run(sql: string, parameters: readonly unknown[]): Promise<Rows> {
    return this.connection.read(() => this.runHere(sql, parameters));
  }

  wake(channels: readonly string[]): void {
    this.watch.expectNews();
    this.seats.tell((host) => host.onWake(channels));
  }

  expectCommit(): void {
    this.watch.expectCommit();
  }

  async exchange(host: number, settlements: readonly Settlement[], wanted: readonly Wanted[]): Promise<Exchanged> {
    const { fenced, isFinished, claimed } = await this.connection.write(() => ({
      ...this.settling.run(host, settlements),
      claimed: wanted.length > 0 && this.seats.isHeld(host) ? this.claiming.run(host, wanted) : [],
    }));
    if (isFinished) this.watch.tellFinished();
    return { fenced, claimed };
  }

  claimSuspect(host: number, channels: readonly string[]): Promise<Claimed | undefined> {
    return this.connection.write(() => (this.seats.isHeld(host) ? this.claiming.suspect(host, channels) : undefined));
  }

  promote(channels: readonly string[]): Promise<Promoted> {
    return this.connection.write(() => this.promoting.run(channels));
  }

  async takeOver(host: number, channels: readonly string[], maxCrashes: number): Promise<TakenOver> {
    const takenOver = await this.takingOver.run(host, channels, maxCrashes);
    if (takenOver.hosts.length > 0) this.seats.check();
    if (takenOver.buried.length > 0) this.watch.tellFinished();
    return takenOver;
  }

  finishedOf(ids: readonly number[]): Promise<readonly Finished[]> {
    return this.connection.read(() => this.finished.of(ids));
  }

  underWay(ids: readonly number[]): Promise<readonly number[]> {
    return this.connection.read(() => this.finished.underWay(ids));
  }

  tick(ticker: string, dueAtMs: number): Promise<boolean> {
    return this.connection.write(() => this.firstTick.all([ticker, dueAtMs]).length > 0);
  }

  pause(channel: string, by: string | null): Promise<boolean> {
    return this.connection.write(() => this.pauses.pause(channel, by));
  }

  resume(channel: string): Promise<boolean> {
    return this.connection.write(() => this.pauses.resume(channel));
  }

  paused(): Promise<readonly PausedChannel[]> {
    return this.connection.read(() => this.pauses.all());
  }

  prune(limit: number, keep: Retention): Promise<Pruned> {
    return this.connection.write(() => this.pruning.run(limit, keep));
  }

  peek(channel: string, limit: number): Promise<readonly StoredMessage[]> {
    return this.connection.read(() => this.peeking.run(channel, limit));
  }

  stats(): Promise<Readonly<Record<string, StoredStats>>> {
    return this.connection.read(() => this.counting.read());
  }

  private readonly runHere: SynchronousRun = (sql, parameters) => {
    const statement = this.statements.get(sql) ?? this.connection.prepare(sql);
    this.statements.set(sql, statement);
    return statement.all(parameters);
  };
}

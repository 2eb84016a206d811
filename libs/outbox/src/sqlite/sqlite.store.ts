import type {
  Appended,
  Claimed,
  Exchanged,
  Finished,
  Host,
  NewMessage,
  PausedChannel,
  Promoted,
  Pruned,
  Retention,
  Seat,
  Settlement,
  Store,
  StoredMessage,
  StoredStats,
  TakenOver,
  Transaction,
  Wanted,
} from '../store/store.js';
import type { Annex, Ledger, OwnTransaction } from '../store/annex.js';
import { StoreUnreachableError } from '../store/store.errors.js';
import type { Whereabouts } from '../store/whereabouts.js';
import { Append } from './append.js';
import { Connection } from './connection.js';
import { SqliteDeadLetters } from './dead.letters.js';
import { openFile } from './drivers.js';
import { GroupCommit } from './group.commit.js';
import { handleOf } from './handle.js';
import { SqliteMigrations } from './migrations.js';
import { ownMark } from './process.mark.js';
import type { SqliteStoreOptions } from './sqlite.options.js';
import { SqliteWriter } from './sqlite.writer.js';
import { type Tables, tablesOf } from './tables.js';
import { Verbs } from './verbs.js';

/**
 * A store in a SQLite database: durable messages for one machine with a disk of its own.
 *
 * @throws TypeError, HandleUnknownError
 */
export function sqliteStore(options: SqliteStoreOptions): Store {
  return new SqliteStore(options);
}

/**
 * The store in SQLite. For one machine with a local disk: several processes may share the file, several machines may not, and a network
 * disk loses its locks. Where a host dies with its disk, its messages die with it.
 *
 * States: closed, connected (its tables may be out of date), open.
 *
 * Promises, beside those of every store:
 * - A commit is on the disk before its verb resolves (`synchronous: 'full'`).
 * - Those who append in one turn of the event loop share a commit; an exchange is one commit.
 * - The claims of a process that died on this machine are taken over as soon as somebody looks, not after the lease.
 * - A commit of another process wakes the hosts of this one within about 25 ms, and within 100 ms when nothing happened for two seconds.
 * - A lent handle stays open, and nothing is written into a transaction of the user's that happens to be open on it.
 *
 * Does not promise: parallel writes. A database has one writer at a time; the others wait for it.
 *
 * Invariant: of the live messages with one key exactly one is the head, and no other is ever claimed.
 */
class SqliteStore implements Store {
  readonly kind = 'sqlite';
  readonly migrations: SqliteMigrations;
  readonly deadLetters: SqliteDeadLetters;
  readonly whereabouts: Whereabouts;
  private readonly tables: Tables;
  private readonly appending: Append;
  private readonly writer: SqliteWriter;
  private readonly group = new GroupCommit((messages) => this.verbs.append(messages));
  private connecting: Promise<Connection> | undefined;
  private opened: Verbs | undefined;

  constructor(private readonly options: SqliteStoreOptions) {
    this.tables = tablesOf(options.prefix ?? 'nestjs_workers_');
    if (options.database !== undefined) handleOf(options.database);
    this.whereabouts = { store: 'sqlite', prefix: this.tables.prefix };
    this.appending = new Append(this.tables);
    this.writer = new SqliteWriter(this.tables, this.appending);
    this.migrations = new SqliteMigrations(this.tables.prefix, () => this.connect());
    this.deadLetters = new SqliteDeadLetters(this.tables, () => this.verbs.connection);
  }

  async open({ migrate }: { readonly migrate: boolean }): Promise<void> {
    const connection = await this.connect();
    if (migrate) await this.migrations.run();
    await this.migrations.assertCurrent();
    this.opened ??= new Verbs(connection, this.tables, this.appending);
  }

  async close(): Promise<void> {
    const { connecting, opened } = this;
    this.opened = undefined;
    this.connecting = undefined;
    try {
      await opened?.close();
    } finally {
      if (this.options.database === undefined) (await connecting?.catch(() => undefined))?.handle.close();
    }
  }

  async installation(): Promise<string> {
    return this.verbs.installation();
  }

  append(messages: readonly NewMessage[], within?: Transaction): Promise<readonly Appended[]> {
    return within === undefined ? this.group.append(messages) : this.appendWithin(messages, within);
  }

  async transact<T>(work: (transaction: OwnTransaction) => T | Promise<T>): Promise<T> {
    return this.verbs.transact(work);
  }

  annex(ledger: Ledger): Annex {
    const { prefix } = this.tables;
    const migrations = new SqliteMigrations(prefix, () => this.connect(), ledger);
    return {
      namespace: prefix,
      migrations,
      open: async ({ migrate }) => {
        if (migrate) await migrations.run();
        await migrations.assertCurrent();
      },
      run: async (sql, parameters) => this.verbs.run(sql, parameters),
    };
  }

  /** The hosts of other processes see the commit itself. */
  async wake(channels: readonly string[]): Promise<void> {
    this.opened?.wake(channels);
  }

  async enroll(host: Host): Promise<Seat> {
    return this.verbs.seats.take(host, await ownMark());
  }

  async claim(seat: Seat, wanted: readonly Wanted[]): Promise<readonly Claimed[]> {
    return (await this.verbs.exchange(seat.host, [], wanted)).claimed;
  }

  async claimSuspect(seat: Seat, channels: readonly string[]): Promise<Claimed | undefined> {
    return this.verbs.claimSuspect(seat.host, channels);
  }

  async settle(seat: Seat, settlements: readonly Settlement[]): Promise<readonly number[]> {
    return (await this.verbs.exchange(seat.host, settlements, [])).fenced;
  }

  async exchange(seat: Seat, settlements: readonly Settlement[], wanted: readonly Wanted[]): Promise<Exchanged> {
    return this.verbs.exchange(seat.host, settlements, wanted);
  }

  async recount(seat: Seat, held: readonly number[]): Promise<number> {
    return this.verbs.seats.recount(seat.host, held);
  }

  async promote(channels: readonly string[]): Promise<Promoted> {
    return this.verbs.promote(channels);
  }

  async takeOver(seat: Seat, channels: readonly string[], maxCrashes: number): Promise<TakenOver> {
    return this.verbs.takeOver(seat.host, channels, maxCrashes);
  }

  async finished(ids: readonly number[]): Promise<readonly Finished[]> {
    return this.verbs.finishedOf(ids);
  }

  async underWay(ids: readonly number[]): Promise<readonly number[]> {
    return this.verbs.underWay(ids);
  }

  async tick(ticker: string, dueAtMs: number): Promise<boolean> {
    return this.verbs.tick(ticker, dueAtMs);
  }

  once(key: string, within: Transaction): boolean | Promise<boolean> {
    return this.writer.once(key, within);
  }

  async pause(channel: string, by: string | null): Promise<boolean> {
    return this.verbs.pause(channel, by);
  }

  async resume(channel: string): Promise<boolean> {
    return this.verbs.resume(channel);
  }

  async paused(): Promise<readonly PausedChannel[]> {
    return this.verbs.paused();
  }

  async prune(limit: number, keep: Retention): Promise<Pruned> {
    return this.verbs.prune(limit, keep);
  }

  async peek(channel: string, limit: number): Promise<readonly StoredMessage[]> {
    return this.verbs.peek(channel, limit);
  }

  async stats(): Promise<Readonly<Record<string, StoredStats>>> {
    return this.verbs.stats();
  }

  private appendWithin(messages: readonly NewMessage[], within: Transaction): Promise<readonly Appended[]> {
    const appended = this.writer.append(messages, within);
    this.opened?.expectCommit();
    return appended;
  }

  private get verbs(): Verbs {
    if (this.opened !== undefined) return this.opened;
    throw new StoreUnreachableError(this.kind, { cause: new Error('it is not open; await store.open(...) first') });
  }

  private connect(): Promise<Connection> {
    this.connecting ??= this.newConnection().catch((error: unknown) => {
      this.connecting = undefined;
      throw error;
    });
    return this.connecting;
  }

  private async newConnection(): Promise<Connection> {
    const { database, file, driver, synchronous = 'full', busyTimeoutMs = 10_000 } = this.options;
    const handle = database === undefined ? await openFile(file, driver) : handleOf(database);
    const connection = new Connection(handle, busyTimeoutMs);
    await connection.prepareDatabase(synchronous);
    return connection;
  }
}

import type { Annex, Ledger, OwnTransaction } from '../store/annex.js';
import type * as contract from '../store/store.js';
import type { Whereabouts } from '../store/whereabouts.js';
import { Access } from './access.js';
import { appendedOf, appendingAlone, appendingPart, rankOf } from './append.js';
import { Bell } from './bell.js';
import { Claims, type Pace } from './claims.js';
import { Database } from './database.js';
import { PostgresDeadLetters } from './dead.letters.js';
import { claimedOf } from './exchange.js';
import { finished, finishedOf, underWay } from './finished.js';
import { installation } from './installation.js';
import { hostLockClass } from './lock.life.js';
import { PostgresMigrations } from './migrations.js';
import { tick } from './once.js';
import { lend, PostgresTransaction } from './own.transaction.js';
import type { Row } from './pool.js';
import { pause, paused, pausedOf, resume } from './pause.js';
import { peek, peekedOf } from './peek.js';
import { type PostgresStoreOptions, resolvePostgresOptions, type ResolvedPostgresOptions } from './postgres.options.js';
import { PostgresWriter } from './postgres.writer.js';
import { promote, promotedOf } from './promote.js';
import { prune } from './prune.js';
import { Seats } from './seats.js';
import { asNumber, numbers } from './statement.js';
import { stats, statsOf } from './stats.js';
import { claimSuspect } from './take.over.js';
import { Trade } from './trade.js';
import { Watch } from './watch.js';

const PACE: Pace = { scanMs: 2_000, share: 0.05 };

/** Durable messages in a PostgreSQL database, in a schema of their own beside the application's tables. */
export function postgresStore(options: PostgresStoreOptions): contract.Store {
  return new PostgresStore(options);
}

/**
 * The store on PostgreSQL, from version 13 on.
 *
 * Promises, beside those of every store: what waits for this process alone costs one statement and one commit for a settled batch and the
 * next one; a host that is killed is taken over within two seconds; a forgotten transaction elsewhere in the database, which keeps dead
 * rows alive, does not make claiming slower the longer it lasts; no failing connection ends the process.
 * Does not promise: that a message put by another process at an id that this one has passed (committed late, given back, due again) is
 * claimed at once. It is when nothing else is left, and otherwise within two seconds.
 */
export class PostgresStore implements contract.Store {
  readonly kind = 'postgres';
  readonly migrations: PostgresMigrations;
  readonly deadLetters: PostgresDeadLetters;
  readonly whereabouts: Whereabouts;
  private readonly options: ResolvedPostgresOptions;
  private readonly access: Access;
  private readonly database: Database;
  private readonly bell: Bell;
  private readonly writer: PostgresWriter;
  private readonly seats: Seats;
  private readonly claims: Claims;
  private readonly trade: Trade;
  private readonly watch: Watch;

  constructor(given: PostgresStoreOptions, pace: Pace = PACE) {
    this.claims = new Claims(pace);
    this.options = resolvePostgresOptions(given);
    const { schema, prepare, notifyInTransaction } = this.options;
    this.whereabouts = { store: 'postgres', schema, notifiesInTransaction: notifyInTransaction };
    this.access = new Access(given, (error) => this.seats.fault(error));
    this.database = new Database(this.access.pool, schema, prepare);
    this.migrations = new PostgresMigrations(this.database);
    this.bell = new Bell(schema, this.database);
    this.writer = new PostgresWriter(schema, notifyInTransaction ? this.bell.signature : undefined);
    this.seats = new Seats({
      ...this.options,
      database: this.database,
      connect: async () => this.access.connect(`nestjs-workers ${schema}`),
      bell: this.bell,
      onGone: (seat) => this.trade.forget(seat),
      onReleased: (rows) => this.isReady(rows),
    });
    this.deadLetters = new PostgresDeadLetters(this.database, (rows) => this.isReady(rows));
    this.trade = new Trade(this.database, this.claims, {
      onReady: (rows) => this.isReady(rows),
      onFinished: (ids) => this.isFinished(ids),
      onRouted: (messages) => this.expect(messages),
    });
    this.watch = new Watch(this.database, hostLockClass(schema));
  }

  async open({ migrate }: { readonly migrate: boolean }): Promise<void> {
    if (migrate) await this.migrations.run();
    await this.migrations.check();
  }

  async close(): Promise<void> {
    await this.seats.close();
    await this.bell.rest();
    await this.access.close();
  }

  async installation(): Promise<string> {
    const [row] = await this.database.run(installation);
    return String(row!.installation);
  }

  async append(
    messages: readonly contract.NewMessage[],
    within?: contract.Transaction,
  ): Promise<readonly contract.Appended[]> {
    if (messages.length === 0) return [];
    this.expect(messages);
    if (within !== undefined) return this.writer.append(messages, within);
    const alone = appendingAlone(messages);
    return appendedOf(await this.database.run(alone.statement, alone.parameters), alone);
  }

  /** So that the cursors look at ranks and keys they have not seen yet. */
  expect(messages: readonly contract.NewMessage[]): void {
    for (const message of messages) this.claims.cursor(message.channel).expect(rankOf(message), message.key !== null);
  }

  async transact<T>(work: (transaction: OwnTransaction) => T | Promise<T>): Promise<T> {
    const { schema } = this.database;
    const { transaction, result } = await this.database.transact(async (session) => {
      const query: contract.Transaction['run'] = (sql, parameters) => session.query(sql, parameters);
      const transaction = new PostgresTransaction(query, schema, (messages, within) => this.append(messages, within));
      const result = await lend(transaction, work);
      if (transaction.isTakenBack) session.takeBack();
      return { transaction, result };
    });
    if (!transaction.isTakenBack) transaction.wasCommitted();
    return result;
  }

  annex(ledger: Ledger): Annex {
    const { database } = this;
    const migrations = new PostgresMigrations(database, ledger);
    return {
      namespace: database.schema,
      migrations,
      open: async ({ migrate }) => {
        if (migrate) await migrations.run();
        await migrations.check();
      },
      run: async (sql, parameters) => database.run(database.textual(sql), parameters),
      connections: () => this.access.connections(),
      appending: (messages) => {
        const part = this.options.notifyInTransaction ? undefined : appendingPart(database.schema, messages);
        if (part !== undefined) this.expect(messages);
        return part;
      },
    };
  }

  async wake(channels: readonly string[]): Promise<void> {
    this.seats.wake(channels);
    if (this.options.liveness === 'lock') await this.bell.wake(channels);
  }

  async enroll(host: contract.Host): Promise<contract.Seat> {
    return this.seats.enroll(host);
  }

  async claim(seat: contract.Seat, wanted: readonly contract.Wanted[]): Promise<readonly contract.Claimed[]> {
    return (await this.exchange(seat, [], wanted)).claimed;
  }

  async settle(seat: contract.Seat, settlements: readonly contract.Settlement[]): Promise<readonly number[]> {
    return (await this.exchange(seat, settlements, [])).fenced;
  }

  async exchange(
    seat: contract.Seat,
    settlements: readonly contract.Settlement[],
    wanted: readonly contract.Wanted[],
  ): Promise<contract.Exchanged> {
    return this.trade.exchange(this.seats.own(seat), settlements, wanted);
  }

  async claimSuspect(asked: contract.Seat, channels: readonly string[]): Promise<contract.Claimed | undefined> {
    const seat = this.seats.own(asked);
    if (!seat.isSeated) return undefined;
    return seat.holdings.change(async () => {
      const claimed = (await this.database.run(claimSuspect, [seat.host, channels])).map(claimedOf);
      seat.holdings.take(claimed);
      return claimed[0];
    });
  }

  async recount(seat: contract.Seat, held: readonly number[]): Promise<number> {
    return this.seats.own(seat).recount(held);
  }

  async promote(channels: readonly string[]): Promise<contract.Promoted> {
    const rows = await this.database.run(promote, [channels]);
    this.isReady(rows.filter(({ id }) => id !== null));
    return promotedOf(rows);
  }

  async takeOver(seat: contract.Seat, channels: readonly string[], maxCrashes: number): Promise<contract.TakenOver> {
    const { known, ...takenOver } = await this.watch.look(this.seats.own(seat), channels, maxCrashes);
    this.isFinished(known);
    return takenOver;
  }

  async finished(ids: readonly number[]): Promise<readonly contract.Finished[]> {
    return (await this.database.run(finished, [numbers(ids)])).map(finishedOf);
  }

  async underWay(ids: readonly number[]): Promise<readonly number[]> {
    return (await this.database.run(underWay, [numbers(ids)])).map(({ id }) => asNumber(id));
  }

  async tick(ticker: string, dueAtMs: number): Promise<boolean> {
    return (await this.database.run(tick, [ticker, Math.round(dueAtMs)])).length > 0;
  }

  async once(key: string, within: contract.Transaction): Promise<boolean> {
    return this.writer.once(key, within);
  }

  async pause(channel: string, by: string | null): Promise<boolean> {
    return (await this.database.run(pause, [channel, by])).length > 0;
  }

  async resume(channel: string): Promise<boolean> {
    return (await this.database.run(resume, [channel])).length > 0;
  }

  async paused(): Promise<readonly contract.PausedChannel[]> {
    return (await this.database.run(paused)).map(pausedOf);
  }

  async prune(limit: number, keep: contract.Retention): Promise<contract.Pruned> {
    return prune(this.database, limit, keep);
  }

  async peek(channel: string, limit: number): Promise<readonly contract.StoredMessage[]> {
    return (await this.database.run(peek, [channel, limit])).map(peekedOf);
  }

  async stats(): Promise<Readonly<Record<string, contract.StoredStats>>> {
    return statsOf(await this.database.run(stats));
  }

  private isReady(rows: readonly Row[]): void {
    for (const { id, channel, rank, key } of rows) {
      const cursor = this.claims.cursor(String(channel));
      if (key === null) cursor.lower(asNumber(rank), asNumber(id));
      else cursor.expectKeys();
    }
  }

  private isFinished(ids: readonly number[]): void {
    if (ids.length === 0) return;
    this.seats.finished(ids);
    if (this.options.liveness === 'lock') this.bell.finished(ids, (error) => this.seats.fault(error));
  }
}

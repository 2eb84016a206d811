import { randomUUID } from 'node:crypto';
import type {
  Appended,
  Claimed,
  Exchanged,
  Finished,
  Host,
  Migrations,
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
import { StoreOutdatedError, TransactionOverError } from '../store/store.errors.js';
import { MemoryDeadLetters } from './memory/memory.dead-letters.js';
import { MemoryHost } from './memory/memory.host.js';
import { MemoryTables } from './memory/memory.tables.js';
import { MemoryTransaction } from './memory/memory.transaction.js';

export interface MemoryStoreOptions {
  /** Milliseconds since 1970: the store's clock. */
  readonly now?: () => number;
}

/** A store that keeps everything in memory, for tests: what it promises is what every store promises, for as long as the process lives. */
export function memoryStore({ now = Date.now }: MemoryStoreOptions = {}): MemoryStore {
  return new MemoryStore(new MemoryData(now));
}

/** A transaction on a memory store: what is appended within it appears at `commit()` and vanishes at `rollback()`. */
export function memoryTransaction(store: MemoryStore): MemoryTransaction {
  return store.begin();
}

/**
 * The store in memory: the model that the others are compared with.
 *
 * Each seat is a host, so that one store, or several of `another()`, stand for several hosts. `kill` ends one as a power cut does.
 */
export class MemoryStore implements Store {
  readonly kind = 'memory';
  readonly migrations: Migrations;
  readonly deadLetters: MemoryDeadLetters;
  private readonly tables: MemoryTables;
  private readonly seats = new Set<Seat>();

  constructor(private readonly data: MemoryData) {
    this.tables = data.tables;
    this.migrations = data.ledger(LEDGER);
    this.deadLetters = new MemoryDeadLetters(data.tables);
  }

  /** A second store on the same data, as another process has one. */
  another(): MemoryStore {
    return new MemoryStore(this.data);
  }

  /** What its clock says. */
  now(): number {
    return this.tables.now();
  }

  begin(): MemoryTransaction {
    return new MemoryTransaction(this.tables);
  }

  /** Ends a host without a word: it is told nothing any more, and the others find out. */
  kill(host: number): void {
    const found = this.tables.hosts.get(host);
    if (found !== undefined) found.state = 'killed';
  }

  async open({ migrate }: { readonly migrate: boolean }): Promise<void> {
    if (migrate) await this.migrations.run();
    await assertCurrent(this.migrations);
  }

  async close(): Promise<void> {
    for (const seat of this.seats) await seat.leave();
    this.seats.clear();
  }

  async installation(): Promise<string> {
    return this.data.installation;
  }

  async append(messages: readonly NewMessage[], within?: Transaction): Promise<readonly Appended[]> {
    const transaction = within === undefined ? undefined : this.own(within);
    return this.write(messages, transaction, () => this.tables.append(messages, transaction));
  }

  async transact<T>(work: (transaction: OwnTransaction) => T | Promise<T>): Promise<T> {
    const transaction = new OwnMemoryTransaction(this, this.tables);
    try {
      const given = work(transaction);
      // Nothing comes between the work and its commit, where there is nothing to wait for.
      const result = given instanceof Promise ? await given : given;
      transaction.finish();
      return result;
    } catch (error) {
      if (transaction.isOpen) transaction.rollback();
      throw error;
    }
  }

  annex(ledger: Ledger): Annex {
    const migrations = this.data.ledger(ledger);
    return {
      namespace: '',
      migrations,
      open: async ({ migrate }) => {
        if (migrate) await migrations.run();
        await assertCurrent(migrations, ledger.owner);
      },
      run: async (sql) => {
        throw new TypeError(`The memory store was asked to run "${sql}" and knows no SQL.`);
      },
    };
  }

  async wake(channels: readonly string[]): Promise<void> {
    for (const host of this.tables.hosts.values()) host.tell(({ onWake }) => onWake(channels));
  }

  async enroll(host: Host): Promise<Seat> {
    const seat = new MemorySeat(this.tables, host);
    this.seats.add(seat);
    return seat;
  }

  async claim(seat: Seat, wanted: readonly Wanted[]): Promise<readonly Claimed[]> {
    return this.tables.claim(hostOf(seat), wanted);
  }

  async claimSuspect(seat: Seat, channels: readonly string[]): Promise<Claimed | undefined> {
    return this.tables.claimSuspect(hostOf(seat), channels);
  }

  async settle(seat: Seat, settlements: readonly Settlement[]): Promise<readonly number[]> {
    return this.write(routedBy(settlements), undefined, () => this.tables.settle(hostOf(seat), settlements));
  }

  async exchange(seat: Seat, settlements: readonly Settlement[], wanted: readonly Wanted[]): Promise<Exchanged> {
    const host = hostOf(seat);
    return this.write(routedBy(settlements), undefined, () => ({
      fenced: this.tables.settle(host, settlements),
      claimed: this.tables.claim(host, wanted),
    }));
  }

  async recount(seat: Seat, held: readonly number[]): Promise<number> {
    return this.tables.recount(hostOf(seat), held);
  }

  async promote(channels: readonly string[]): Promise<Promoted> {
    return this.tables.promote(channels);
  }

  async takeOver(seat: Seat, channels: readonly string[], maxCrashes: number): Promise<TakenOver> {
    return this.tables.takeOver(hostOf(seat), channels, maxCrashes);
  }

  async finished(ids: readonly number[]): Promise<readonly Finished[]> {
    return this.tables.finished(ids);
  }

  async underWay(ids: readonly number[]): Promise<readonly number[]> {
    return this.tables.underWay(ids);
  }

  async tick(ticker: string, dueAtMs: number): Promise<boolean> {
    return this.tables.tick(ticker, dueAtMs);
  }

  async pause(channel: string, by: string | null): Promise<boolean> {
    const { paused } = this.tables;
    if (paused.has(channel)) return false;
    paused.set(channel, { channel, by, sinceMs: this.tables.now() });
    return true;
  }

  async resume(channel: string): Promise<boolean> {
    return this.tables.paused.delete(channel);
  }

  async paused(): Promise<readonly PausedChannel[]> {
    return [...this.tables.paused.values()].toSorted((one, other) => (one.channel < other.channel ? -1 : 1));
  }

  async once(key: string, within: Transaction): Promise<boolean> {
    const transaction = this.own(within);
    for (let other = this.tables.once.writerOf(key, transaction); other !== undefined;) {
      await other.ended;
      other = this.tables.once.writerOf(key, transaction);
    }
    return this.tables.first(key, transaction);
  }

  async prune(limit: number, keep: Retention): Promise<Pruned> {
    return this.tables.prune(limit, keep);
  }

  async peek(channel: string, limit: number): Promise<readonly StoredMessage[]> {
    return this.tables.peek(channel, limit);
  }

  async stats(): Promise<Readonly<Record<string, StoredStats>>> {
    return this.tables.stats();
  }

  /** Runs `write` as soon as no open transaction of somebody else decides on what it writes: at once, as a rule. */
  private async write<T>(
    messages: readonly NewMessage[],
    own: MemoryTransaction | undefined,
    write: () => T,
  ): Promise<T> {
    for (let other = this.tables.hindrance(messages, own); other !== undefined;) {
      await other.ended;
      other = this.tables.hindrance(messages, own);
    }
    return write();
  }

  private own(within: Transaction): MemoryTransaction {
    if (within instanceof MemoryTransaction && within.data === this.tables) return within;
    throw new TypeError(
      `The memory store was asked to write within a transaction of ${within.dialect} that is not its own. Begin one with memoryTransaction(store).`,
    );
  }
}

/** One that is the store's own: whoever works in it does not end it. */
class OwnMemoryTransaction extends MemoryTransaction implements OwnTransaction {
  readonly committed: Promise<unknown>;
  private tellCommitted: () => void = () => {};
  private isTakenBack = false;

  constructor(
    private readonly store: MemoryStore,
    private readonly tables: MemoryTables,
  ) {
    super(tables);
    this.committed = new Promise<void>((resolve) => (this.tellCommitted = resolve));
  }

  append(messages: readonly NewMessage[]): readonly Appended[] | Promise<readonly Appended[]> {
    if (!this.isOpen) throw new TransactionOverError(this.dialect);
    const isHindered = this.tables.hindrance(messages, this) !== undefined;
    return isHindered ? this.store.append(messages, this) : this.tables.append(messages, this);
  }

  once(key: string): boolean | Promise<boolean> {
    const isHindered = this.tables.once.writerOf(key, this) !== undefined;
    return isHindered ? this.store.once(key, this) : this.tables.first(key, this);
  }

  takeBack(): void {
    this.isTakenBack = true;
  }

  finish(): void {
    if (this.isTakenBack) return this.rollback();
    this.commit();
    this.tellCommitted();
  }
}

class MemorySeat implements Seat {
  readonly hosted: MemoryHost;

  constructor(
    private readonly tables: MemoryTables,
    host: Host,
  ) {
    this.hosted = new MemoryHost(tables.nextHost(), host, tables.now());
    tables.hosts.set(this.host, this.hosted);
  }

  get host(): number {
    return this.hosted.id;
  }

  async extend(): Promise<boolean> {
    if (this.hosted.isSeated) this.hosted.showLife(this.tables.now());
    return this.hosted.isSeated;
  }

  async leave(): Promise<void> {
    if (this.hosted.isSeated) this.tables.leave(this.hosted);
  }
}

/** What several stores share, when they stand for several processes. */
class MemoryData {
  readonly tables: MemoryTables;
  readonly installation = randomUUID();
  private readonly ledgers = new Map<string, MemoryMigrations>();

  constructor(private readonly now: () => number) {
    this.tables = new MemoryTables(now);
  }

  ledger({ table, changes }: Ledger): MemoryMigrations {
    const names = changes.map(({ name }) => name);
    const known = this.ledgers.get(table) ?? new MemoryMigrations(names, this.now);
    this.ledgers.set(table, known);
    return known;
  }
}

/** There are no tables to make, and yet it is to be run: what forgets it with this store forgets it with the others. */
class MemoryMigrations implements Migrations {
  private appliedAtMs: number | undefined;

  constructor(
    private readonly names: readonly string[],
    private readonly now: () => number,
  ) {}

  async status(): ReturnType<Migrations['status']> {
    return this.names.map((name, at) => ({ number: at + 1, name, appliedAtMs: this.appliedAtMs }));
  }

  async run(): Promise<readonly string[]> {
    if (this.appliedAtMs !== undefined) return [];
    this.appliedAtMs = this.now();
    return this.names;
  }

  sql(after = 0): string {
    return after > 0 ? '' : '-- The memory store has no tables.\n';
  }
}

const LEDGER: Ledger = {
  table: 'migration',
  changes: [{ name: 'the memory store', sql: () => '' }],
  owner: '@nestjs-workers/outbox',
};

async function assertCurrent(migrations: Migrations, owner = LEDGER.owner): Promise<void> {
  const pending = (await migrations.status()).filter(({ appliedAtMs }) => appliedAtMs === undefined);
  const names = pending.map(({ name }) => name);
  if (names.length > 0) throw new StoreOutdatedError('memory', names, owner);
}

function hostOf(seat: Seat): MemoryHost {
  if (seat instanceof MemorySeat) return seat.hosted;
  throw new TypeError('The memory store was given a seat that is not its own. Take one with enroll().');
}

function routedBy(settlements: readonly Settlement[]): readonly NewMessage[] {
  return settlements.flatMap((settlement) => (settlement.type === 'done' ? settlement.routed : []));
}

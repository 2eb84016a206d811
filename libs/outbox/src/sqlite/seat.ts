import type { Host, Seat } from '../store/store.js';
import type { Connection, Query } from './connection.js';
import type { ProcessMark } from './process.mark.js';
import { SeatLostError } from './sqlite.errors.js';
import { NOW_MS, type Tables } from './tables.js';

/** The seats that this store holds, by the number of their host. */
export class Seats {
  private readonly enroll: Query;
  private readonly extend: Query;
  private readonly find: Query;
  private readonly release: Query;
  private readonly releaseOthers: Query;
  private readonly leave: Query;
  private readonly held = new Map<number, SqliteSeat>();

  constructor(
    private readonly connection: Connection,
    { host, message }: Tables,
    /** Told when the first seat is taken, or the last one given up. */
    private readonly changed: (isHeld: boolean) => void,
  ) {
    this.enroll = connection.prepare(enrollSql(host));
    this.extend = connection.prepare(extendSql(host));
    this.find = connection.prepare(`select 1 as value from ${host} where id = ?`);
    this.release = connection.prepare(releaseAllSql(message));
    this.releaseOthers = connection.prepare(releaseOthersSql(message));
    this.leave = connection.prepare(`delete from ${host} where id = ?`);
  }

  /** Tells all hosts of this store. */
  tell(say: (host: Host) => void): void {
    for (const seat of this.held.values()) seat.tell(say);
  }

  async take(told: Host, { machine, process, started }: ProcessMark): Promise<Seat> {
    const leaseMs = Math.ceil(told.leaseMs);
    const row = [told.name, machine, process, started, leaseMs, leaseMs];
    const host = await this.connection.write(() => this.enroll.value<number>(row));
    const seat = new SqliteSeat(host, told, this);
    this.held.set(host, seat);
    this.changed(true);
    return seat;
  }

  /** Inside a transaction or not: whether this host may claim. One that may not is told so, once. */
  isHeld(host: number): boolean {
    const isThere = this.find.value<number>([host]) === 1;
    const seat = this.held.get(host);
    if (!isThere && seat !== undefined) this.lose(seat);
    return isThere;
  }

  async renew(seat: SqliteSeat): Promise<boolean> {
    if (this.held.get(seat.host) !== seat) return false;
    const rows = await this.connection.write(() => this.extend.all([seat.host]));
    if (rows.length === 0) this.lose(seat);
    return rows.length > 0;
  }

  /** Gives back the claims of `host` that are not among `held`; returns how many. */
  recount(host: number, held: readonly number[]): Promise<number> {
    return this.connection.write(() => this.releaseOthers.all([host, JSON.stringify(held)]).length);
  }

  async giveUp({ host }: SqliteSeat): Promise<void> {
    if (!this.held.has(host)) return;
    await this.connection.write(() => {
      this.release.all([host]);
      this.leave.all([host]);
    });
    this.forget(host);
  }

  async giveUpAll(): Promise<void> {
    for (const seat of this.held.values()) await this.giveUp(seat);
  }

  /** Looks whether all seats are still there. */
  check(): void {
    for (const host of this.held.keys()) this.isHeld(host);
  }

  private lose(seat: SqliteSeat): void {
    if (!this.held.has(seat.host)) return;
    this.forget(seat.host);
    // Not from within a transaction.
    queueMicrotask(() => seat.tell((host) => host.onLost(new SeatLostError(host.name))));
  }

  private forget(host: number): void {
    this.held.delete(host);
    if (this.held.size === 0) this.changed(false);
  }
}

class SqliteSeat implements Seat {
  constructor(
    readonly host: number,
    private readonly told: Host,
    private readonly seats: Seats,
  ) {}

  /** What a host throws at being told something harms nobody else. */
  tell(say: (host: Host) => void): void {
    try {
      say(this.told);
    } catch (error) {
      this.told.onFault(error);
    }
  }

  extend(): Promise<boolean> {
    return this.seats.renew(this);
  }

  leave(): Promise<void> {
    return this.seats.giveUp(this);
  }
}

const enrollSql = (host: string) => `
insert into ${host} (name, machine, process, started, lease_ms, lease_until_ms)
values (?, ?, ?, ?, ?, ${NOW_MS} + ?)
returning id as value`;

const extendSql = (host: string) => `
update ${host} set lease_until_ms = ${NOW_MS} + lease_ms where id = ? returning id`;

const releaseAllSql = (message: string) => `
update ${message} set host = null, attempt = attempt - 1, ready_at_ms = ${NOW_MS} where host = ?`;

const releaseOthersSql = (message: string) => `
update ${message} set host = null, attempt = attempt - 1, ready_at_ms = ${NOW_MS}
where host = ? and id not in (select value from json_each(?))
returning id`;

import type { Connection, Query } from './connection.js';
import type { FinishedRecords } from './finished.js';
import type { Seats } from './seat.js';

/** How soon a commit of another connection is noticed. */
const EVERY_MS = 25;

/**
 * Notices what others committed, while a seat is held.
 *
 * SQLite tells nobody of a commit, but a number changes with each one of another connection, and to read it costs a few microseconds.
 */
export class Watch {
  private readonly dataVersion: Query;
  private timer: NodeJS.Timeout | undefined;
  private seenVersion = 0;
  private isFaulty = false;
  private hasAppendedWithin = false;

  constructor(
    private readonly connection: Connection,
    private readonly seats: Seats,
    private readonly finished: FinishedRecords,
  ) {
    this.dataVersion = connection.prepare('pragma data_version');
  }

  start(): void {
    if (this.timer !== undefined) return;
    this.seenVersion = this.version();
    this.finished.forgetNews();
    this.timer = setInterval(() => this.look(), EVERY_MS);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** Outcomes were recorded by this store itself. */
  tellFinished(): void {
    if (this.timer === undefined) return;
    const hosts = this.seats.hosts;
    for (const id of this.finished.news()) for (const host of hosts) host.onFinished(id);
  }

  /** Messages were written in a transaction that ends we do not know when; it may be one of the handle that we were lent. */
  expectCommit(): void {
    this.hasAppendedWithin = true;
  }

  private look(): void {
    try {
      if (this.connection.handle.isInTransaction) return;
      const version = this.version();
      if (version === this.seenVersion && !this.hasAppendedWithin) return;
      this.seenVersion = version;
      this.hasAppendedWithin = false;
      this.seats.check();
      for (const host of this.seats.hosts) host.onWake(undefined);
      this.tellFinished();
      this.isFaulty = false;
    } catch (error) {
      this.tellFault(error);
    }
  }

  /** Once, until it is well again: the next look is a moment away. */
  private tellFault(error: unknown): void {
    if (this.isFaulty) return;
    this.isFaulty = true;
    for (const host of this.seats.hosts) host.onFault(error);
  }

  private version(): number {
    return Number(this.dataVersion.all([])[0]?.['data_version']);
  }
}

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
    this.timer = setInterval(this.look, EVERY_MS);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** Outcomes were recorded by this store itself. What goes wrong in telling them is no fault of the commit they came with. */
  tellFinished(): void {
    if (this.timer !== undefined) this.guarded(() => this.tellNews());
  }

  /** Messages were written in a transaction that ends we do not know when; it may be one of the handle that we were lent. */
  expectCommit(): void {
    this.hasAppendedWithin = true;
  }

  private readonly look = (): void => {
    this.guarded(() => {
      const version = this.version();
      if (version === this.seenVersion && !this.hasAppendedWithin) return;
      if (this.connection.handle.isInTransaction) return;
      this.seenVersion = version;
      this.hasAppendedWithin = false;
      this.seats.check();
      this.seats.tell((host) => host.onWake(undefined));
      this.tellNews();
    });
  };

  private tellNews(): void {
    for (const id of this.finished.news()) this.seats.tell((host) => host.onFinished(id));
  }

  /** A fault is told once, until it is over: the next look is a moment away. */
  private guarded(work: () => void): void {
    try {
      work();
      this.isFaulty = false;
    } catch (error) {
      if (!this.isFaulty) this.seats.tell((host) => host.onFault(error));
      this.isFaulty = true;
    }
  }

  private version(): number {
    return this.dataVersion.value<number>([], 'data_version');
  }
}

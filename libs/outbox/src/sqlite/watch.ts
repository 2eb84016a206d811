import type { Connection, Query } from './connection.js';
import type { FinishedRecords } from './finished.js';
import { Pulse } from './pulse.js';
import type { Seats } from './seat.js';

/**
 * Notices what others committed, while a seat is held.
 *
 * SQLite tells nobody of a commit, but a number changes with each one of another connection, and to read it costs a few microseconds.
 */
export class Watch {
  private readonly dataVersion: Query;
  private readonly pulse = new Pulse(() => this.look());
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
    if (this.pulse.isBeating) return;
    this.seenVersion = this.version();
    this.finished.forgetNews();
    this.pulse.start();
  }

  stop(): void {
    this.pulse.stop();
  }

  /** Something was put here: who takes it elsewhere, and answers, will commit soon. */
  expectNews(): void {
    this.pulse.quicken();
  }

  /** Outcomes were recorded by this store itself. What goes wrong in telling them is no fault of the commit they came with. */
  tellFinished(): void {
    if (this.pulse.isBeating) this.guarded(() => this.tellNews());
  }

  /** Messages were written in a transaction that ends we do not know when; it may be one of the handle that we were lent. */
  expectCommit(): void {
    this.hasAppendedWithin = true;
    this.expectNews();
  }

  /** Whether others committed something, or we did who knows when. */
  private look(): boolean {
    let isNews = false;
    this.guarded(() => {
      const version = this.version();
      if (version === this.seenVersion && !this.hasAppendedWithin) return;
      isNews = true;
      if (this.connection.handle.isInTransaction) return;
      this.seenVersion = version;
      this.hasAppendedWithin = false;
      this.seats.check();
      this.seats.tell((host) => host.onWake(undefined));
      this.tellNews();
    });
    return isNews;
  }

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

import type { Connection, Query } from './connection.js';
import type { FinishedRecords } from './finished.js';
import type { Seats } from './seat.js';

/** How soon a commit of another connection is noticed while this store is used, here or by others. */
const BUSY_EVERY_MS = 25;
/** And when it was not. Reading the number is cheap, waking a sleeping process is not: 40 times a second it is half a percent of a core. */
const QUIET_EVERY_MS = 100;
const QUIET_AFTER_MS = 2000;

/**
 * Notices what others committed, while a seat is held.
 *
 * SQLite tells nobody of a commit, but a number changes with each one of another connection, and to read it costs a few microseconds.
 *
 * States: stopped, busy (looks every 25 ms), quiet (every 100 ms, after two seconds without news; news makes it busy).
 */
export class Watch {
  private readonly dataVersion: Query;
  private timer: NodeJS.Timeout | undefined;
  private everyMs = BUSY_EVERY_MS;
  private looksWithoutNews = 0;
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
    this.lookEvery(BUSY_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** Something was put here: who takes it elsewhere, and answers, will commit soon. */
  expectNews(): void {
    this.looksWithoutNews = 0;
    if (this.timer !== undefined && this.everyMs !== BUSY_EVERY_MS) this.lookEvery(BUSY_EVERY_MS);
  }

  /** Outcomes were recorded by this store itself. What goes wrong in telling them is no fault of the commit they came with. */
  tellFinished(): void {
    if (this.timer !== undefined) this.guarded(() => this.tellNews());
  }

  /** Messages were written in a transaction that ends we do not know when; it may be one of the handle that we were lent. */
  expectCommit(): void {
    this.hasAppendedWithin = true;
    this.expectNews();
  }

  private readonly look = (): void => {
    this.guarded(() => {
      const version = this.version();
      if (version === this.seenVersion && !this.hasAppendedWithin) return this.rest();
      if (this.connection.handle.isInTransaction) return;
      this.seenVersion = version;
      this.hasAppendedWithin = false;
      this.expectNews();
      this.seats.check();
      this.seats.tell((host) => host.onWake(undefined));
      this.tellNews();
    });
  };

  private rest(): void {
    this.looksWithoutNews += 1;
    if (this.looksWithoutNews * BUSY_EVERY_MS === QUIET_AFTER_MS) this.lookEvery(QUIET_EVERY_MS);
  }

  private lookEvery(ms: number): void {
    clearInterval(this.timer);
    this.everyMs = ms;
    this.timer = setInterval(this.look, ms);
    this.timer.unref();
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

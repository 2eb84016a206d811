import { performance } from 'node:perf_hooks';

/** How long work may go on before timers and sockets get their turn. */
const SLICE_MS = 4;
/** How many messages, when a held clock or very cheap handlers hide the time. */
const SLICE_MESSAGES = 1_024;
/** How often one reading of the clock may be used for messages that are put one after the other. */
const LONGEST_REUSE = 16;

/**
 * One turn of the event loop, shared by every runner of an application.
 *
 * A backlog of messages whose handlers never leave the microtask queue would otherwise starve timers and sockets until it
 * is empty. A turn opens with the first message handled in it and is over after 4 ms or 1,024 messages; whoever has work left
 * says so with `resume` and is called back after the event loop went round once.
 */
export class Turn {
  private startedAt = 0;
  private handled = 0;
  /** Undefined first, so that V8 keeps the reading as an object: the messages that use it share that one, and each is 16 bytes smaller. */
  private latest: number | undefined = undefined;
  private reused = 0;
  private isOpen = false;
  private waiting: (() => void)[] = [];

  /** Reads `performance.now()`. */
  read(): number {
    return this.note(performance.now());
  }

  /** Remembers a reading that somebody else made. */
  note(performanceNow: number): number {
    this.reused = 0;
    return (this.latest = performanceNow);
  }

  /** What `performance.now()` was a moment ago: in this turn, and at most 16 askings since. A reading costs as much as a put. */
  recent(): number {
    return this.isOpen && this.latest !== undefined && ++this.reused < LONGEST_REUSE ? this.latest : this.readAnew();
  }

  private readAnew(): number {
    const now = this.read();
    if (!this.isOpen) this.open(now);
    return now;
  }

  /** Counts one message at `performanceNow` and tells whether the turn is over. */
  isOver(performanceNow: number): boolean {
    if (!this.isOpen) this.open(performanceNow);
    return ++this.handled > SLICE_MESSAGES || performanceNow - this.startedAt > SLICE_MS;
  }

  /** Calls `work` in the next turn. */
  resume(work: () => void): void {
    if (!this.isOpen) this.open(this.read());
    this.waiting.push(work);
  }

  private open(performanceNow: number): void {
    this.isOpen = true;
    this.startedAt = performanceNow;
    this.handled = 0;
    setImmediate(this.close);
  }

  private readonly close = (): void => {
    this.isOpen = false;
    if (this.waiting.length === 0) return;
    const resumed = this.waiting;
    this.waiting = [];
    for (const work of resumed) work();
  };
}

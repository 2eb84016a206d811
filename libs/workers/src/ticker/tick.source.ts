import type { Clock } from '../lifecycle/clock.js';
import type { Intake } from '../lifecycle/supervisor.js';
import { Message } from '../message/message.js';
import type { Source } from '../message/source.js';
import type { Announcer } from '../observe/announcer.js';
import type { TickerState, TickerStats } from '../observe/stats.js';
import type { WorkerRunner } from '../worker/worker.runner.js';
import type { Arbiter } from './arbiter.js';
import type { Moment, OnDue, Schedule } from './schedule.js';
import type { Tick } from './tick.context.js';
import { TickerBooks } from './ticker.books.js';
import type { ResolvedTickerOptions } from './ticker.options.js';

/** How many ticks may wait with `overlap: 'queue'`. */
const MAX_QUEUED = 1_024;

/** What one source is made of. */
export interface TickSourceParts {
  readonly options: Pick<ResolvedTickerOptions, 'name' | 'enabled' | 'overlap' | 'concurrency' | 'time'>;
  readonly schedule: Schedule;
  /** Started with this source before the source is. */
  readonly runner: WorkerRunner;
  readonly clock: Clock;
  readonly announcer: Announcer;
  /** Asked before each tick of a singleton; undefined for a ticker that ticks on every host. */
  readonly arbiter: Arbiter | undefined;
}

/**
 * Time as a source of deliveries: gives its runner a message for each due tick that there is room for, and counts the others as
 * skipped.
 *
 * Promises: at most `concurrency` ticks in flight and, with `overlap: 'queue'`, 1,024 that wait; a tick that is in flight, waits or
 * settles holds its place; while its runner is paused all that is due is skipped. When stopped, nothing becomes due any more, and what waits can still be taken.
 *
 * Invariant: while the runner is hungry, nothing waits here.
 */
export class TickSource implements Source, Intake {
  readonly name: string;
  private state: TickerState;
  private readonly books = new TickerBooks();
  private readonly waiting: Message<Tick>[] = [];
  private readonly maxQueued: number;
  /** Ticks handed on and not released: those that wait, run or settle. */
  private underWay = 0;

  constructor(private readonly parts: TickSourceParts) {
    const { name, enabled, overlap } = parts.options;
    this.name = name;
    this.state = enabled ? 'idle' : 'disabled';
    this.maxQueued = overlap === 'queue' ? MAX_QUEUED : 0;
  }

  start(): void {
    if (this.state !== 'idle') return;
    this.state = 'running';
    this.parts.schedule.start(this.due);
  }

  stop(): void {
    if (this.state === 'running') this.parts.schedule.stop();
    if (this.state !== 'disabled') this.state = 'stopped';
  }

  /** Whether no tick waits here. */
  get isEmpty(): boolean {
    return this.waiting.length === 0;
  }

  take(): Message<Tick> | undefined {
    return this.waiting.shift();
  }

  release(): void {
    this.underWay--;
  }

  /** Takes out what waits, when a stop leaves it behind. */
  takeRest(): Message<Tick>[] {
    this.books.leftOver += this.waiting.length;
    return this.waiting.splice(0);
  }

  stats(): TickerStats {
    const { runner } = this.parts;
    const state = this.state === 'running' && runner.isPaused ? 'paused' : this.state;
    const now = { state, queued: this.waiting.length, maxQueued: this.maxQueued };
    return this.books.snapshot(runner.stats(), runner.books.failures, now);
  }

  private readonly due: OnDue = (count, momentOf) => {
    const { overlap, concurrency } = this.parts.options;
    if (this.parts.runner.isPaused) return this.skip(count);
    const room = concurrency + this.maxQueued - this.underWay;
    const handed = Math.min(count, room);
    const first = overlap === 'queue' ? 0 : count - handed;
    this.skip(first);
    for (let index = first; index < first + handed; index++) this.begin(momentOf(index));
    this.skip(count - first - handed);
  };

  private begin(moment: Moment): void {
    const { arbiter } = this.parts;
    this.underWay++;
    if (arbiter === undefined) return this.handOn(moment);
    void this.ask(arbiter, moment);
  }

  /** A tick that no arbiter allows is skipped; one that cannot be asked for is too, because another host may have it. */
  private async ask(arbiter: Arbiter, moment: Moment): Promise<void> {
    try {
      const isMine = await arbiter(this.name, this.slotOf(moment));
      if (isMine && this.state === 'running') return this.handOn(moment);
    } catch (error) {
      this.parts.announcer.fault(`arbiter of ticker "${this.name}"`, error);
    }
    this.underWay--;
    this.skip(1);
  }

  /** What all hosts call this due time. */
  private slotOf({ dueAt }: Moment): number {
    const { time } = this.parts.options;
    return time?.type === 'interval' ? Math.floor(dueAt / time.everyMs) * time.everyMs : dueAt;
  }

  private handOn({ dueAt, lateMs }: Moment): void {
    const { runner, clock, announcer } = this.parts;
    const { sequence } = this.books;
    const skipped = this.books.tick(lateMs);
    const message = new Message<Tick>({ sequence, dueAt, skipped }, clock.now());
    if (runner.isHungry) runner.give(message);
    else this.waiting.push(message);
    announcer.announce('workers.tick', { ticker: this.name, sequence, driftMs: lateMs });
  }

  private skip(count: number): void {
    if (count === 0) return;
    const { sequence } = this.books;
    this.books.skip(count);
    this.parts.announcer.announce('workers.tick-skipped', { ticker: this.name, sequence, count });
  }
}

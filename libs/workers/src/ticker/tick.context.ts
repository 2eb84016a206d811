import { HandlerContext, type WorkerContext } from '../worker/worker.context.js';

/** What the message of a tick carries; plain data, so it crosses into an isolate like any payload. */
export interface Tick {
  readonly sequence: number;
  /** Milliseconds since 1970. */
  readonly dueAt: number;
  readonly skipped: number;
}

/** What `tick` receives. Made anew for each tick. */
export interface TickContext extends WorkerContext {
  /** 0 for the first tick since the application started. Skipped ticks have numbers too: a gap shows what was left out. */
  readonly sequence: number;
  /** When this tick was due, which is a little before it is handled. */
  readonly dueAt: Date;
  /** How many ticks were skipped between the one before and this one. */
  readonly skipped: number;
}

/** The context of one tick. */
export class TickHandlerContext extends HandlerContext implements TickContext {
  get sequence(): number {
    return this.tick.sequence;
  }

  get dueAt(): Date {
    return new Date(this.tick.dueAt);
  }

  get skipped(): number {
    return this.tick.skipped;
  }

  private get tick(): Tick {
    // The messages of a ticker come from its own `TickSource`, which puts nothing else into them.
    return this.message.payload as Tick;
  }
}

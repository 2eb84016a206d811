/**
 * What every peer of this suite is brought to: a line that jobs go into and one handler at its end.
 *
 * A line promises that each job reaches the handler once, and that no more than `concurrency` handlers are under way (a
 * frame may promise less, and says so). What it does not offer it lacks (`Peer.lacks`) and is never asked for.
 */
export interface Line {
  /** Fire and forget. The line has room for every job of the pass. */
  post(job: Job): void;
  /** One job, once the line has room for the next: returns nothing when it has, a promise when one must wait. */
  put(job: Job): PromiseLike<unknown> | void;
  /** One job and the handler's answer to it. */
  request(job: Job): PromiseLike<Answer>;
  close?(): Promise<unknown>;
}

export interface Setup {
  readonly handler: Handler;
  readonly concurrency: number;
  /** How many jobs may wait. */
  readonly buffer: number;
  /** Whether a producer that fills the buffer is made to wait (`put`), or never fills it (`post`, `request`). */
  readonly isBounded: boolean;
}

export type OpenLine = (setup: Setup) => Promise<Line>;

export interface Job {
  readonly id: number;
}

export type Answer = number;

export type Handler = (job: Job) => Answer | Promise<Answer>;

/** Brings a handler's answer to a callback, for peers that take one. */
export function answer(given: Answer | Promise<Answer>, done: (error: Error | null, answer?: Answer) => void): void {
  if (given instanceof Promise) given.then((value) => done(null, value), done);
  else done(null, given);
}

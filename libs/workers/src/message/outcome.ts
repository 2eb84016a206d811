import type { Fault } from './fault.js';

/**
 * What a dispatch came to: a value, never an exception.
 *
 * - `done`: the handler returned. - `failed`: it threw, ran out of time, blocked the event loop or could not be reached.
 * - `aborted`: it was told to stop, by its caller or by the application's stop, and is not waited for any longer.
 * - `lost`: nobody knows; the isolate died after the handler was entered.
 */
export type Outcome<R = unknown> = Done<R> | Failed | Aborted | Lost;

export interface Done<R = unknown> {
  readonly type: 'done';
  readonly value: R;
}

export interface Failed {
  readonly type: 'failed';
  readonly fault: Fault;
}

export interface Aborted {
  readonly type: 'aborted';
  readonly fault: Fault;
}

export interface Lost {
  readonly type: 'lost';
  readonly fault: Fault;
}

/**
 * What every peer of the suites `threads` and `processes` is brought to: isolates that all run one task, and a way to ask for it.
 *
 * A crew promises that each request is answered with what the task returned in one of its isolates. How many requests it lets
 * be under way at a time is its own affair: that is what the suites are about.
 */
import type { TaskName } from './tasks.js';

export interface Crew {
  request(payload: unknown): PromiseLike<unknown>;
  close(): PromiseLike<unknown>;
}

export interface Setup {
  readonly task: TaskName;
  /** How many threads, or child processes. */
  readonly isolates: number;
  /** The payload is a `Uint8Array` with a buffer of its own, which is handed over and not copied. */
  readonly isHandingOver: boolean;
}

export type OpenCrew = (setup: Setup) => Promise<Crew>;

/** What is handed over with a payload. */
export function handedOver(payload: unknown): ArrayBuffer[] {
  return [(payload as Uint8Array<ArrayBuffer>).buffer];
}

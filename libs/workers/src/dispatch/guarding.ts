import type { Guard } from '../guard/guard.js';
import type { Announcer } from '../observe/announcer.js';

/** What happens to an inline handler that holds the event loop too long: its message fails, it is reported, or nothing. */
export type GuardMode = 'fail' | 'report' | 'off';

/** The guard of an application, and what follows from what it finds. */
export interface Guarding {
  readonly mode: GuardMode;
  readonly guard: Guard;
  readonly announcer: Announcer;
}

import { WorkersError } from '../workers.error.js';

/** The application stops or has stopped: no new message is taken in, and what was not finished in time is given up. */
export class WorkersStoppingError extends WorkersError {
  readonly code = 'WORKERS_STOPPING';

  constructor(what: string) {
    super(`${what}, but the workers are stopping. Send it to another instance, or again after the restart.`);
  }
}

import type { Observable } from 'rxjs';
import type { Announcer } from './announcer.js';
import type { WorkersEvent } from './events.js';

/** What happens to messages, workers and tickers, as it happens; injectable. See `WorkersEventMap` for the closed list. */
export class WorkersEvents {
  /** Every event. Subscribing makes every event be built, which costs; a subscriber that throws harms nobody. */
  readonly events$: Observable<WorkersEvent>;

  constructor(/** @internal */ readonly announcer: Announcer) {
    this.events$ = announcer.events$;
  }
}

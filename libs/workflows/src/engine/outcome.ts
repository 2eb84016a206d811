/** What became of an input. Expected refusals are outcomes, not errors. */
export type Outcome<Event = unknown, Rejection = unknown> = Accepted<Event> | Rejected<Rejection> | AlreadyCompleted;

/** Its events, effects and timers are committed. */
export interface Accepted<Event = unknown> {
  readonly type: 'accepted';
  readonly events: readonly Event[];
  /** The number of the instance's last event. */
  readonly version: number;
}

/** The workflow refused it; nothing was written. */
export interface Rejected<Rejection = unknown> {
  readonly type: 'rejected';
  readonly reason: Rejection;
}

/** The instance is completed, and was not asked. */
export interface AlreadyCompleted {
  readonly type: 'already-completed';
}

/** What can become of an input beside, when it came by a message: it was cancelled meanwhile, or had been decided before. */
export type Delivered = Outcome | { readonly type: 'timer-gone' } | { readonly type: 'repeated' };

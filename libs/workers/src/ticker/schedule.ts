/** When a tick was due, and for how long it has been when that is noticed. */
export interface Moment {
  /** Milliseconds since 1970. */
  readonly dueAt: number;
  readonly lateMs: number;
}

/** Told that `count` ticks are due, with the moment of each by its index, the oldest first. Must not throw. */
export type OnDue = (count: number, momentOf: (index: number) => Moment) => void;

/**
 * When ticks are due. It knows nothing of what they do, of overlap or of numbers.
 *
 * Promises: every due time is told once and never early; several at once when the event loop or the machine slept through them; the
 * cost of that does not grow with the length of the sleep. A schedule that is started keeps the process alive.
 */
export interface Schedule {
  start(onDue: OnDue): void;
  /** Tells nothing any more; harmless when it was not started. */
  stop(): void;
}

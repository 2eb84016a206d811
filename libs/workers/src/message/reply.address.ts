/**
 * Where the answer to a message goes. Whoever has it may try to settle it; the first one wins and every later word is ignored.
 */
export interface ReplyAddress {
  /** Waiting until it is answered, refused, or its caller has left (deadline passed, signal aborted). */
  readonly state: 'waiting' | 'answered' | 'refused' | 'left';
  /** Why its caller has left; undefined while it has not, and where what was put is done all the same. */
  readonly leftFor?: Error | undefined;
  /** When its caller stops waiting, on the application's clock. */
  readonly dueAt?: number;
  /** Answers the caller; false when somebody was faster. */
  answer(value: unknown): boolean;
  /** Rejects the caller with `error`; false when somebody was faster. */
  refuse(error: Error): boolean;
  /** Shows the caller how far the work is. */
  progress(value: unknown): void;
  /** Called once, when the caller leaves while the message is being handled, with the error the caller got. */
  onLeave: ((reason: Error) => void) | undefined;
}

/**
 * How the other hosts know that one is alive.
 *
 * Promises: `isOver` is called at most once, and not after `end`; before anybody takes over what the host holds, as far as the host's own
 * clock can tell.
 */
export interface Life {
  /** Resolves when the others can see it. */
  begin(): Promise<void>;
  /** Somebody looked, from `sinceMs` on, and saw that nobody holds our lock. */
  doubt(sinceMs: number): void;
  end(): Promise<void>;
}

export interface LifeEvents {
  readonly isOver: (reason: Error) => void;
  readonly note: (text: string) => void;
  /** Back after a break, in which notes may have been missed. */
  readonly isBack: () => void;
  readonly fault: (error: unknown) => void;
}

/** So long may a life be silent before it is over, for itself and for the others. */
export const SILENCE_MS = 1_000;

/**
 * A bound for peers that have none: counts what is inside, and makes one producer wait while it is too much.
 *
 * Cheaper than asking the peer for its length, which some count by walking their list.
 */
export class Room {
  private inside = 0;
  private open: (() => void) | undefined;

  constructor(private readonly places: number) {}

  /** Takes a place; when it was the last one, a promise for the next to come free. */
  readonly enter = (): Promise<void> | undefined => {
    if (++this.inside < this.places) return undefined;
    return new Promise((resolve) => (this.open = resolve));
  };

  readonly leave = (): void => {
    this.inside--;
    this.open?.();
    this.open = undefined;
  };
}

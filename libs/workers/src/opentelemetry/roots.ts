/**
 * Says of each message whether it begins a trace: a `share` of them does, at random and independent of each other.
 *
 * How many are passed over until the next one is drawn when one begins (a geometric distribution), so that those between cost a subtraction.
 */
export class Roots {
  private left: number;

  /** @param random from 0 up to, and without, 1 */
  constructor(
    private readonly share: number,
    private readonly random: () => number = Math.random,
  ) {
    this.left = this.draw();
  }

  begins(): boolean {
    if (--this.left > 0) return false;
    this.left = this.draw();
    return true;
  }

  private draw(): number {
    if (this.share >= 1) return 1;
    if (this.share <= 0) return Number.POSITIVE_INFINITY;
    return 1 + Math.floor(Math.log1p(-this.random()) / Math.log1p(-this.share));
  }
}

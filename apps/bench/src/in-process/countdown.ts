/** Resolves when the last of a number of jobs has been handled: how a scenario knows that a pass is over. */
export class Countdown {
  private left = 0;
  private reached: () => void = () => undefined;

  from(items: number): Promise<void> {
    this.left = items;
    return new Promise((resolve) => (this.reached = resolve));
  }

  count(): void {
    if (--this.left === 0) this.reached();
  }
}

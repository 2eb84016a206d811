/** Lets so many through at a time; the others wait, the first before the second. */
export class Gate {
  private readonly waiting: (() => void)[] = [];

  constructor(private room: number) {}

  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.room === 0) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.room--;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.room++;
      else next();
    }
  }
}

/** Gives the first of its items back, by the order it was made with. */
export class Heap<T> {
  private readonly items: T[] = [];

  constructor(private readonly isBefore: (one: T, other: T) => boolean) {}

  get size(): number {
    return this.items.length;
  }

  get first(): T | undefined {
    return this.items[0];
  }

  push(item: T): void {
    let at = this.items.push(item) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.isBefore(item, this.at(above))) break;
      this.items[at] = this.at(above);
      at = above;
    }
    this.items[at] = item;
  }

  pop(): T | undefined {
    const { first } = this;
    const last = this.items.pop();
    if (last !== undefined && this.items.length > 0) this.sink(last);
    return first;
  }

  private sink(item: T): void {
    let at = 0;
    for (let below = 1; below < this.items.length; below = 2 * at + 1) {
      if (below + 1 < this.items.length && this.isBefore(this.at(below + 1), this.at(below))) below += 1;
      if (!this.isBefore(this.at(below), item)) break;
      this.items[at] = this.at(below);
      at = below;
    }
    this.items[at] = item;
  }

  private at(index: number): T {
    return this.items[index] as T;
  }
}

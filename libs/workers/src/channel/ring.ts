const FIRST_CHUNK = 16;
const LARGEST_CHUNK = 1_024;

/** A stretch of a queue: filled from the left, emptied from the left, never reused while it holds something. */
interface Chunk<T> {
  readonly slots: (T | undefined)[];
  next: Chunk<T> | undefined;
}

/**
 * A first-in-first-out queue in linked chunks.
 *
 * One large array would be moved when it grows and would make the garbage collector look through old memory for young messages; chunks
 * are as young as what they hold. An empty queue is one small chunk.
 */
export class Ring<T> implements Iterable<T> {
  size = 0;
  private first: Chunk<T> = chunk(FIRST_CHUNK);
  private last: Chunk<T> = this.first;
  private head = 0;
  private tail = 0;

  push(item: T): void {
    if (this.tail === this.last.slots.length) this.grow();
    this.last.slots[this.tail++] = item;
    this.size++;
  }

  private grow(): void {
    this.last = this.last.next = chunk(Math.min(LARGEST_CHUNK, this.tail * 2));
    this.tail = 0;
  }

  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const { slots } = this.first;
    const item = slots[this.head];
    slots[this.head++] = undefined;
    if (--this.size === 0 || this.head === slots.length) this.goOn();
    return item;
  }

  /** The first chunk is read to its end, or all of them are. */
  private goOn(): void {
    const { next } = this.first;
    if (this.size === 0) this.tail = 0;
    else if (next !== undefined) {
      // A chunk that is done with and grew old would keep the next one alive, which grew old for that, and so on.
      this.first.next = undefined;
      this.first = next;
    }
    this.head = 0;
  }

  /** Drops from the front what `isUnwanted` says, up to the first that it does not. */
  dropWhile(isUnwanted: (item: T) => boolean): void {
    while (this.size > 0 && isUnwanted(this.first.slots[this.head] as T)) this.shift();
  }

  peek(): T | undefined {
    return this.size === 0 ? undefined : this.first.slots[this.head];
  }

  /** Takes out the first item that `wanted` accepts; the others keep their order. Costs a walk over the whole queue. */
  remove(wanted: (item: T) => boolean): T | undefined {
    let found: T | undefined;
    for (let left = this.size; left > 0; left--) {
      const item = this.shift() as T;
      if (found === undefined && wanted(item)) found = item;
      else this.push(item);
    }
    return found;
  }

  *[Symbol.iterator](): Iterator<T> {
    let at = this.head;
    let lies: Chunk<T> | undefined = this.first;
    for (let left = this.size; left > 0 && lies !== undefined; left--) {
      yield lies.slots[at++] as T;
      if (at === lies.slots.length) [lies, at] = [lies.next, 0];
    }
  }
}

function chunk<T>(slots: number): Chunk<T> {
  return { slots: new Array<T | undefined>(slots), next: undefined };
}

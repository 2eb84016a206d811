import { Heap } from './heap.js';
import type { MemoryMessage } from './memory.message.js';

const isOlder = (one: MemoryMessage, other: MemoryMessage): boolean => one.id < other.id;

/**
 * What waits in one channel, in the order in which it is claimed.
 *
 * The heaps may hold a message that has moved on, or hold one twice; whoever takes one out looks whether it is still what the heap took
 * it for. So a move costs no search.
 */
export class MemoryChannel {
  /** May be claimed, as far as was known when they came in. */
  private readonly open = new Heap<MemoryMessage>((one, other) => one.isBefore(other));
  private readonly delayed = new Heap<Delay>((one, other) => one.dueAtMs < other.dueAtMs);
  private readonly suspected = new Set<MemoryMessage>();
  private readonly lines = new Map<string, Line>();

  /** Takes notice of a message that was put into its place. */
  placed(message: MemoryMessage): void {
    const { place, key } = message;
    if (place.type === 'ready' && message.isSuspect) this.suspected.add(message);
    else this.suspected.delete(message);
    if (place.type === 'delayed') this.delayed.push({ message, dueAtMs: place.dueAtMs });
    if (key === null) return this.offer(message);
    const line = this.line(key);
    line.placed(message);
    if (line.isEmpty) this.lines.delete(key);
    else if (line.head !== undefined) this.offer(line.head);
  }

  /** The next to be claimed; it is expected to be. */
  next(): MemoryMessage | undefined {
    for (let message = this.open.pop(); message !== undefined; message = this.open.pop())
      if (!message.isSuspect && this.mayRun(message)) return message;
    return undefined;
  }

  nextSuspect(): MemoryMessage | undefined {
    let next: MemoryMessage | undefined;
    for (const message of this.suspected)
      if (this.mayRun(message) && (next === undefined || message.isBefore(next))) next = message;
    return next;
  }

  get suspects(): number {
    return this.suspected.size;
  }

  /** The next that is due, with its time, and whether it is due or not. */
  get nextDue(): Delay | undefined {
    while (this.delayed.first !== undefined && !isCurrent(this.delayed.first)) this.delayed.pop();
    return this.delayed.first;
  }

  private offer(message: MemoryMessage): void {
    if (message.place.type === 'ready' && !message.isSuspect) this.open.push(message);
  }

  private mayRun(message: MemoryMessage): boolean {
    const isReady = message.place.type === 'ready';
    return isReady && (message.key === null || this.lines.get(message.key)?.head === message);
  }

  private line(key: string): Line {
    const line = this.lines.get(key) ?? new Line();
    this.lines.set(key, line);
    return line;
  }
}

interface Delay {
  readonly message: MemoryMessage;
  readonly dueAtMs: number;
}

function isCurrent({ message: { place }, dueAtMs }: Delay): boolean {
  return place.type === 'delayed' && place.dueAtMs === dueAtMs;
}

/** The messages of one key: the oldest that waits is the head, and there is none while one of them is claimed. */
class Line {
  private readonly waiting = new Heap<MemoryMessage>(isOlder);
  private claimed: MemoryMessage | undefined;

  placed(message: MemoryMessage): void {
    if (this.claimed === message) this.claimed = undefined;
    if (message.isWaiting) this.waiting.push(message);
    if (message.place.type === 'claimed') this.claimed = message;
    while (this.waiting.first?.isWaiting === false) this.waiting.pop();
  }

  get head(): MemoryMessage | undefined {
    return this.claimed === undefined ? this.waiting.first : undefined;
  }

  get isEmpty(): boolean {
    return this.claimed === undefined && this.waiting.size === 0;
  }
}

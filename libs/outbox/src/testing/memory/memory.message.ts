import type { DeadLetterReason } from '../../store/dead.letter.reason.js';
import type { Claimed, DeadLetter, Failure, NewMessage } from '../../store/store.js';

/** Where a message is: its state. */
export type Place =
  | { readonly type: 'ready'; readonly sinceMs: number }
  | { readonly type: 'delayed'; readonly dueAtMs: number }
  | { readonly type: 'claimed'; readonly host: number }
  | { readonly type: 'dead'; readonly atMs: number; readonly reason: DeadLetterReason; readonly order: number }
  | { readonly type: 'gone' };

/** A message of a memory store. Only its tables move it. */
export class MemoryMessage {
  readonly channel: string;
  readonly key: string | null;
  /** As it counts: none with a key. */
  readonly priority: number;
  readonly expiresAtMs: number;
  payload: string;
  place: Place;
  attempt = 0;
  crashes = 0;
  claim = 0;
  isSuspect = false;
  readonly history: (Failure & { readonly atMs: number })[] = [];

  constructor(
    readonly id: number,
    readonly given: NewMessage,
    readonly createdAtMs: number,
  ) {
    this.channel = given.channel;
    this.key = given.key;
    this.priority = given.key === null ? given.priority : 0;
    this.expiresAtMs = given.expiresMs === null ? Infinity : createdAtMs + given.expiresMs;
    this.payload = given.payload;
    const dueAtMs = given.atMs ?? createdAtMs + (given.delayMs ?? 0);
    this.place =
      dueAtMs > createdAtMs ? { type: 'delayed', dueAtMs } : { type: 'ready', sinceMs: Math.max(dueAtMs, createdAtMs) };
  }

  /** Ready or going to be. */
  get isWaiting(): boolean {
    return this.place.type === 'ready' || this.place.type === 'delayed';
  }

  /** The higher priority first, then the older. */
  isBefore(other: MemoryMessage): boolean {
    return this.priority === other.priority ? this.id < other.id : this.priority > other.priority;
  }

  toClaimed(nowMs: number, readySinceMs: number): Claimed {
    const { id, claim, channel, payload, key, attempt, crashes, createdAtMs, isSuspect } = this;
    const { headers, wantsResult } = this.given;
    const isExpired = nowMs > this.expiresAtMs;
    const waitedMs = nowMs - readySinceMs;
    const counts = { attempt, crashes, createdAtMs, waitedMs };
    return { id, claim, channel, payload, headers, key, ...counts, isExpired, isSuspect, wantsResult };
  }

  toDeadLetter(deadAtMs: number, reason: DeadLetterReason): DeadLetter {
    const { id, channel, payload, key, attempt, crashes, createdAtMs } = this;
    const { headers, priority } = this.given;
    const history = [...this.history];
    return { id, channel, payload, headers, key, priority, attempt, crashes, createdAtMs, deadAtMs, reason, history };
  }
}

import type { MemoryTransaction } from './memory.transaction.js';

interface Row<T> {
  readonly value: T;
  /** From then on it may be removed, and counts no more. */
  readonly untilMs: number;
  /** The transaction that wrote it and is not over. */
  readonly writer: MemoryTransaction | undefined;
}

/** Keys that are remembered for a time, also from inside a transaction. */
export class MemoryRecords<T> {
  private readonly rows = new Map<string, Row<T>>();

  get(key: string, nowMs: number): T | undefined {
    const row = this.rows.get(key);
    return row === undefined || row.untilMs <= nowMs ? undefined : row.value;
  }

  /** Somebody else's transaction that wrote this key; what becomes of the key is not known before it ends. */
  writerOf(key: string, besides: MemoryTransaction | undefined): MemoryTransaction | undefined {
    const writer = this.rows.get(key)?.writer;
    return writer === besides ? undefined : writer;
  }

  set(key: string, value: T, untilMs: number, writer?: MemoryTransaction): void {
    this.rows.set(key, { value, untilMs, writer });
    writer?.write(
      () => this.rows.set(key, { value, untilMs, writer: undefined }),
      () => this.rows.delete(key),
    );
  }

  /** Removes what is over, at most `limit`; returns how many. */
  prune(nowMs: number, limit: number): number {
    const over = [...this.rows].filter(([, { untilMs }]) => untilMs <= nowMs).slice(0, limit);
    for (const [key] of over) this.rows.delete(key);
    return over.length;
  }
}

import type { Claimed } from '../store/store.js';

/** One look at one channel, and what it may find. */
export interface Look {
  readonly cursor: Cursor;
  readonly room: number;
  readonly isScan: boolean;
  readonly withKeys: boolean;
  /** Best first. */
  readonly ranks: readonly { readonly rank: number; readonly after: number }[];
  readonly keyAfter: string;
  readonly lowerings: number;
}

export interface Ranked {
  readonly message: Claimed;
  /** What it was claimed as: 0 with a key. */
  readonly rank: number;
}

/** What it found. */
export interface Found {
  /** In their order. */
  readonly claimed: readonly Ranked[];
  /** How many keys were walked, the last of them, and how many would have been walked at most. */
  readonly walked: number;
  readonly lastKey: string;
  readonly steps: number;
}

const ALL_RANKS = Array.from({ length: 19 }, (_, index) => ({ rank: index - 9, after: 0 }));
/**
 * Where the claims of one channel go on: after the highest id of each rank that was claimed, and after the last key that was looked at.
 *
 * A dead row stays in the index until the vacuum has been there, and while any transaction of the database is older than its death that
 * is never. A claim that began at the front would walk over all of them each time; this one walks over each once.
 *
 * What lies before the cursor (given back elsewhere, committed late, of a rank not seen yet) is found by a scan: a look from the beginning
 * at all ranks and keys. What this process itself puts there is told to the cursor, which goes back.
 */
export class Cursor {
  private readonly after = new Map<number, number>([[0, 0]]);
  private keyAfter = '';
  private hasKeys = false;
  private lowerings = 0;
  private scannedAtMs = -Infinity;
  /** The last look found all there was. */
  private isDrained = true;
  /** There may be something that the last look did not reach. */
  isInDoubt = false;

  constructor(
    readonly channel: string,
    /** A look from the beginning comes at least this often. */
    private readonly scanMs: number,
  ) {}

  /** Plans a look. It is a scan when one is due, or when nothing was left the last time, as long as scans are allowed. */
  look(room: number, nowMs: number, mayScan: boolean): Look {
    const isScan = mayScan && (this.isDrained || this.isInDoubt || nowMs - this.scannedAtMs >= this.scanMs);
    if (isScan) this.scannedAtMs = nowMs;
    return {
      cursor: this,
      room,
      isScan,
      withKeys: isScan || this.hasKeys,
      ranks: isScan
        ? ALL_RANKS
        : [...this.after].map(([rank, after]) => ({ rank, after })).toSorted((a, b) => a.rank - b.rank),
      keyAfter: this.keyAfter,
      lowerings: this.lowerings,
    };
  }

  /** Takes note of what a look has found. */
  learn(look: Look, found: Found): void {
    this.learnRanks(look, found);
    const areKeysSeen = !look.withKeys || this.learnKeys(look, found);
    const isFull = found.claimed.length >= look.room;
    this.isDrained = !isFull && areKeysSeen;
    this.isInDoubt = !isFull && (!look.isScan || !areKeysSeen);
  }

  /** A message was put before the cursor, or may be: goes back to it. */
  lower(rank: number, id: number): void {
    this.lowerings += 1;
    this.after.set(rank, Math.min(this.after.get(rank) ?? 0, id - 1));
  }

  /** A message of this rank, or with a key, was written by this process. */
  expect(rank: number, hasKey: boolean): void {
    if (hasKey) this.expectKeys();
    else if (!this.after.has(rank)) this.after.set(rank, 0);
  }

  expectKeys(): void {
    this.hasKeys = true;
  }

  private learnRanks(look: Look, { claimed }: Found): void {
    const highest = new Map<number, number>();
    for (const { rank, message } of claimed) {
      if (message.key === null) highest.set(rank, Math.max(highest.get(rank) ?? 0, message.id));
    }
    const last = claimed.length < look.room ? Infinity : (claimed.at(-1)?.rank ?? -Infinity);
    for (const { rank } of look.ranks) {
      const id = highest.get(rank);
      const current = this.after.get(rank);
      if (id !== undefined)
        this.after.set(rank, this.isLowered(look) ? Math.min(current ?? 0, id) : this.next(look, rank, id));
      // The room was full before this rank had its turn: there may be something from the beginning.
      else if (look.isScan && rank > last && current !== undefined) this.after.set(rank, 0);
    }
  }

  /** A scan goes back to what it has found; of two looks at the same time the farther one counts. */
  private next(look: Look, rank: number, id: number): number {
    return look.isScan ? id : Math.max(id, this.after.get(rank) ?? 0);
  }

  private isLowered(look: Look): boolean {
    return look.lowerings !== this.lowerings;
  }

  /** Returns whether every key has been looked at. */
  private learnKeys(look: Look, { claimed, walked, lastKey, steps }: Found): boolean {
    const isFull = claimed.length >= look.room;
    const isAtEnd = walked < steps;
    const areAllSeen = isAtEnd && look.keyAfter === '';
    if (walked > 0) this.hasKeys = true;
    else if (areAllSeen) this.hasKeys = false;
    if (areAllSeen) this.keyAfter = '';
    else if (isFull) this.keyAfter = lastOf(claimed) ?? look.keyAfter;
    else this.keyAfter = isAtEnd ? '' : lastKey;
    return areAllSeen;
  }
}

/** The last of the keys, in the order of the index: by bytes. */
function lastOf(claimed: Found['claimed']): string | undefined {
  const keys = claimed.flatMap(({ message: { key } }) => (key === null ? [] : [Buffer.from(key)]));
  return keys
    .toSorted((a, b) => a.compare(b))
    .at(-1)
    ?.toString();
}

import type { ToHost, ToIsolate } from '../isolate/protocol.js';
import { isPlain } from '../wire/plain.js';

/** Enough for a few hundred small results; what does not fit goes by the port. */
const LEDGER_BYTES = 256 * 1_024;
/** Where the three counters lie, in 32-bit words: written up to, read up to, and whether the reader has been called. */
const WRITTEN = 0;
const READ = 1;
const CALLED = 2;
const HEAD_WORDS = 4;
/** What a record begins with where no text follows: the run that was entered, or a place for a word that comes by the port. */
const ENTERED = -1;
const BY_PORT = -2;
/** The rest of the ring is unused; go on at its beginning. */
const WRAP = -3;
/** A value above this is cheaper to post than to write as text. */
const LARGEST_TEXT = 4_096;
/** Large values come in rows; not each of them is written to learn it. */
const PASS_OVER = 16;

/** What is written into a ledger, in either direction. */
export type Word = ToHost | ToIsolate;

/** What a thread is given at its start: a ledger for each direction. */
export interface ThreadData {
  readonly toHost: SharedArrayBuffer;
  readonly toThread: SharedArrayBuffer;
}

/** Of a word that goes by the port whatever it carries. */
const NO_VALUE = Symbol('no value');

const noClass = (): boolean => false;

/** Memory that one side writes its words into and the other reads them from, also when the writer has died. */
export function newLedger(): SharedArrayBuffer {
  return new SharedArrayBuffer(LEDGER_BYTES);
}

/**
 * The writer's end of a ledger: a ring of records, one writer, one reader, no locks.
 *
 * What is written is the reader's from that moment on, so a thread that dies takes no finished word with it; and it costs a tenth of a post.
 * Only words that JSON keeps and that are small are written; for all others a record says that they come by the port, so that the order
 * of words is kept.
 */
export class LedgerWriter {
  private readonly words: Int32Array;
  private readonly bytes: Buffer;
  private at = HEAD_WORDS;
  /** How many values are taken for large unseen, because the last one was. */
  private passOver = 0;

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory);
    this.bytes = Buffer.from(memory);
  }

  /** Writes `word`, or keeps a place for it when it has to go by the port; neither, when the reader is far behind. */
  write(word: Word): 'written' | 'by port' | 'full' {
    if (word[0] === 'entered' && typeof word[1] === 'number' && this.note(ENTERED, word[1])) return 'written';
    const value = word[0] === 'done' ? word[2] : word[0] === 'run' ? word[6] : NO_VALUE;
    if (value !== NO_VALUE && this.looksSmall(value) && this.writeText(JSON.stringify(word))) return 'written';
    return this.keepPlace() ? 'by port' : 'full';
  }

  /** Keeps a place for a word that comes by the port; false when the reader is far behind. */
  keepPlace(): boolean {
    return this.note(BY_PORT, 0);
  }

  /** Whether the reader is to be called now: something is written, and it is not on its way. */
  isCallDue(): boolean {
    if (Atomics.load(this.words, READ) === Atomics.load(this.words, WRITTEN)) return false;
    return Atomics.exchange(this.words, CALLED, 1) === 0;
  }

  private note(kind: number, value: number): boolean {
    if (!this.reserve(2)) return false;
    this.words[this.at] = kind;
    this.words[this.at + 1] = value;
    this.advance(2);
    return true;
  }

  /** Whether a value is worth writing as text to see how long it becomes. */
  private looksSmall(value: unknown): boolean {
    if (this.passOver > 0) return --this.passOver < 0;
    return typeof value === 'string' ? value.length < LARGEST_TEXT : isPlain(value, 'json', noClass);
  }

  private writeText(text: string): boolean {
    if (text.length > LARGEST_TEXT) {
      this.passOver = PASS_OVER;
      return false;
    }
    // Three bytes are the most that one unit of a string takes.
    if (!this.reserve(1 + Math.ceil((text.length * 3) / 4))) return false;
    const length = this.bytes.write(text, (this.at + 1) * 4);
    this.words[this.at] = length;
    this.advance(1 + Math.ceil(length / 4));
    return true;
  }

  /** Makes sure that `count` words can be written in one piece. */
  private reserve(count: number): boolean {
    const read = Atomics.load(this.words, READ) || HEAD_WORDS;
    if (this.at < read) return this.at + count < read;
    if (this.at + count < this.words.length) return true;
    if (HEAD_WORDS + count >= read) return false;
    this.words[this.at] = WRAP;
    this.at = HEAD_WORDS;
    return true;
  }

  private advance(count: number): void {
    this.at += count;
    Atomics.store(this.words, WRITTEN, this.at);
  }
}

/** Comes by the port in the place of a word that could not be posted. */
export const NO_WORD = null;

/** The reader's end of a ledger. */
export class LedgerReader {
  private readonly words: Int32Array;
  private readonly bytes: Buffer;
  private at = HEAD_WORDS;
  private readonly posted: unknown[] = [];

  constructor(
    memory: SharedArrayBuffer,
    private readonly onWord: (word: unknown) => void,
  ) {
    this.words = new Int32Array(memory);
    this.bytes = Buffer.from(memory);
  }

  /** A word that came by the port; it has its turn when the ledger says so. */
  post(word: unknown): void {
    this.posted.push(word);
  }

  /** Hands on everything that is written, up to a word that has not come by the port yet. */
  read(): void {
    Atomics.store(this.words, CALLED, 0);
    const written = Atomics.load(this.words, WRITTEN) || HEAD_WORDS;
    while (this.at !== written) {
      const word = this.next();
      if (word === undefined) break;
      Atomics.store(this.words, READ, this.at);
      if (word !== NO_WORD) this.onWord(word);
    }
  }

  private next(): unknown {
    if (this.words[this.at] === WRAP) this.at = HEAD_WORDS;
    const kind = this.words[this.at] as number;
    if (kind === BY_PORT) {
      if (this.posted.length === 0) return undefined;
      this.at += 2;
      return this.posted.shift();
    }
    if (kind === ENTERED) {
      this.at += 2;
      return ['entered', this.words[this.at - 1]];
    }
    const from = (this.at + 1) * 4;
    this.at += 1 + Math.ceil(kind / 4);
    return JSON.parse(this.bytes.toString('utf8', from, from + kind)) as unknown;
  }
}

import { closeSync, mkdtempSync, openSync, readSync, rmdirSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Journal } from '../socket/outflow.js';

/** The descriptor at which a child finds its journal. */
export const JOURNAL_FD = 4;

const JOURNAL_BYTES = 64 * 1_024;
/** A record begins with the number of its batch, that of its first frame, the length of its bytes and their checksum. */
const HEADER_BYTES = 16;

/**
 * Where a child notes what it has said and its socket does not have yet: a file without a name that it shares with its host.
 *
 * To write to a file costs a fifth of a write to a socket, which also wakes the host; and what is written is there when the child has died,
 * however it died. So a child writes to its socket a few times in a millisecond, and notes the rest before it enters a handler.
 *
 * Records of one batch lie behind one another; when the socket has them, the next batch begins at the start of the file.
 */
export class JournalWriter implements Journal {
  private readonly record = Buffer.alloc(JOURNAL_BYTES);
  private readonly header = new Int32Array(this.record.buffer, this.record.byteOffset, HEADER_BYTES / 4);
  private batch = 1;
  private at = 0;

  constructor(private readonly fd: number) {}

  note(bytes: Uint8Array, first: number): boolean {
    const { record, header, batch } = this;
    const size = HEADER_BYTES + bytes.length;
    if (this.at + size > JOURNAL_BYTES) return false;
    header[0] = batch;
    header[1] = first;
    header[2] = bytes.length;
    header[3] = crc32(bytes);
    record.set(bytes, HEADER_BYTES);
    try {
      writeSync(this.fd, record, 0, size, this.at);
    } catch {
      // A full disk, say. The socket takes it then.
      return false;
    }
    this.at += size;
    return true;
  }

  begin(): void {
    if (this.at === 0) return;
    this.batch = (this.batch + 1) | 0;
    this.at = 0;
  }
}

/** What was noted at once. */
export interface JournalRecord {
  /** The number of the first frame in it, counted from 0 since the line was open. */
  readonly first: number;
  /** Whole frames, one behind the other; valid until the journal is read again. */
  readonly frames: Buffer;
}

/** The host's end of a journal. */
export class JournalReader {
  private readonly bytes = Buffer.alloc(JOURNAL_BYTES);
  private readonly header = new Uint8Array(HEADER_BYTES);
  private readonly numbers = new Int32Array(this.header.buffer);
  private isOpen = true;

  private constructor(readonly fd: number) {}

  /** A new file that nobody else can open; undefined where files cannot be used so, and then every word is written to the socket. */
  static open(): JournalReader | undefined {
    if (process.platform === 'win32') return undefined;
    const directory = mkdtempSync(join(tmpdir(), 'nestjs-workers-'));
    const path = join(directory, 'journal');
    const fd = openSync(path, 'wx+', 0o600);
    unlinkSync(path);
    rmdirSync(directory);
    return new JournalReader(fd);
  }

  /** What the last batch holds. Its words may have come by the socket as well. */
  read(): JournalRecord[] {
    if (!this.isOpen) return [];
    const length = readSync(this.fd, this.bytes, 0, JOURNAL_BYTES, 0);
    const records: JournalRecord[] = [];
    let batch: number | undefined;
    for (let at = 0; at + HEADER_BYTES <= length;) {
      const [written, first, size, sum] = this.headerAt(at);
      const from = at + HEADER_BYTES;
      if (written !== (batch ??= written) || size <= 0 || from + size > length) break;
      const frames = this.bytes.subarray(from, from + size);
      // It may be read while it is being written; then it is read another time.
      if ((crc32(frames) | 0) !== sum) break;
      records.push({ first, frames });
      at = from + size;
    }
    return records;
  }

  /** Nothing can be read any more. */
  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    closeSync(this.fd);
  }

  private headerAt(at: number): [batch: number, first: number, size: number, sum: number] {
    this.header.set(this.bytes.subarray(at, at + HEADER_BYTES));
    const [batch = 0, first = 0, size = 0, sum = 0] = this.numbers;
    return [batch, first, size, sum];
  }
}

import { closeSync, mkdtempSync, openSync, readSync, rmdirSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Journal } from '../socket/outflow.js';

/** The descriptor at which a child finds its journal. */
export const JOURNAL_FD = 4;

const JOURNAL_BYTES = 64 * 1_024;
/** A record begins with the number of its batch, its length, and the checksum of its bytes. */
const HEADER_BYTES = 12;

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
  private batch = 1;
  private at = 0;

  constructor(private readonly fd: number) {}

  note(bytes: Uint8Array): boolean {
    const size = HEADER_BYTES + bytes.length;
    if (this.at + size > JOURNAL_BYTES) return false;
    this.record.writeInt32LE(this.batch, 0);
    this.record.writeInt32LE(bytes.length, 4);
    this.record.writeUInt32LE(crc32(bytes), 8);
    this.record.set(bytes, HEADER_BYTES);
    try {
      writeSync(this.fd, this.record, 0, size, this.at);
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

/** The host's end of a journal. */
export class JournalReader {
  private readonly bytes = Buffer.alloc(JOURNAL_BYTES);
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

  /** What the last batch holds: whole frames, one behind the other. Its words may have come by the socket as well. */
  read(): Buffer {
    if (!this.isOpen) return NOTHING;
    const length = readSync(this.fd, this.bytes, 0, JOURNAL_BYTES, 0);
    if (length < HEADER_BYTES) return NOTHING;
    const batch = this.bytes.readInt32LE(0);
    const records: Buffer[] = [];
    for (let at = 0; at + HEADER_BYTES <= length && this.bytes.readInt32LE(at) === batch;) {
      const from = at + HEADER_BYTES;
      const size = this.bytes.readInt32LE(at + 4);
      if (size <= 0 || from + size > length) break;
      const record = this.bytes.subarray(from, from + size);
      // It may be read while it is being written; then it is read another time.
      if (crc32(record) !== this.bytes.readUInt32LE(at + 8)) break;
      records.push(record);
      at = from + size;
    }
    return Buffer.concat(records);
  }

  /** Nothing can be read any more. */
  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    closeSync(this.fd);
  }
}

const NOTHING = Buffer.alloc(0);

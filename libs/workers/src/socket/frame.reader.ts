import { HEADER_BYTES, readLength } from './frame.js';
import { FrameTooLargeError } from './socket.errors.js';

const NOTHING = Buffer.alloc(0);
/** Memory for large frames is used again up to here; beyond, a frame has its own. */
const LARGEST_LENT_BYTES = 4 * 1_024 * 1_024;

/**
 * Finds the frames in a stream of chunks.
 *
 * Promises: each byte is looked at once and copied at most once, however the stream was cut. A frame that lies inside one chunk is a
 * view of it, so it lives as long as somebody holds it and keeps that chunk (64 KiB as a rule) in memory: who keeps a body for long keeps
 * a copy. A frame that is longer than its chunk is put together in one buffer of its length. A length above the limit is refused before
 * anything is allocated for it.
 *
 * One that lends makes no new memory for each frame: a body is valid until the next is asked for, or the next chunk is pushed.
 */
export class FrameReader {
  /** What was pushed and not yet taken: `chunk` from `at` on. */
  private chunk: Buffer = NOTHING;
  private at = 0;
  /** The frame that goes on in a later chunk, as far as it has come. */
  private unfinished: { readonly body: Buffer; filled: number } | undefined;
  /** Where the large frames of one that lends are put together, one after the other. */
  private desk: Buffer = NOTHING;

  constructor(private readonly isLending = false) {}

  /** Adds the next bytes of the stream. Cheap when all whole frames before them have been taken. */
  push(chunk: Buffer): void {
    const rest = this.chunk.length - this.at;
    this.chunk = rest === 0 ? chunk : Buffer.concat([this.chunk.subarray(this.at), chunk]);
    this.at = 0;
  }

  /** The memory of what was pushed is about to be used again. */
  keepRest(): void {
    this.chunk = this.at === this.chunk.length ? NOTHING : Buffer.from(this.chunk.subarray(this.at));
    this.at = 0;
  }

  /** Where the next bytes of the stream can be put, so that they need not be copied; undefined when they belong to no frame yet. */
  get room(): Buffer | undefined {
    return this.unfinished?.body.subarray(this.unfinished.filled);
  }

  /** The next bytes of the stream were put into `room`. */
  filled(bytes: number): void {
    if (this.unfinished !== undefined) this.unfinished.filled += bytes;
  }

  /**
   * Takes the body of the next frame; undefined when it is not there yet.
   *
   * @throws FrameTooLargeError The stream cannot be read any further.
   */
  next(maxBytes: number): Buffer | undefined {
    if (this.unfinished !== undefined) return this.fill(this.unfinished);
    const { chunk } = this;
    const start = this.at + HEADER_BYTES;
    if (start > chunk.length) return undefined;
    const length = readLength(chunk, this.at);
    if (!(length <= maxBytes)) throw new FrameTooLargeError(length, maxBytes);
    if (start + length <= chunk.length) {
      this.at = start + length;
      return chunk.subarray(start, this.at);
    }
    this.at = start;
    this.unfinished = { body: this.memory(length), filled: 0 };
    return this.fill(this.unfinished);
  }

  /** Whether the stream, should it end now, would end inside a frame or before one that was not taken. */
  get isInside(): boolean {
    return this.unfinished !== undefined || this.at < this.chunk.length;
  }

  private memory(length: number): Buffer {
    if (!this.isLending || length > LARGEST_LENT_BYTES) return Buffer.allocUnsafeSlow(length);
    if (this.desk.length < length) this.desk = Buffer.allocUnsafeSlow(length);
    return this.desk.subarray(0, length);
  }

  private fill(frame: { readonly body: Buffer; filled: number }): Buffer | undefined {
    const copied = this.chunk.copy(frame.body, frame.filled, this.at);
    this.at += copied;
    frame.filled += copied;
    if (frame.filled < frame.body.length) return undefined;
    this.unfinished = undefined;
    return frame.body;
  }
}

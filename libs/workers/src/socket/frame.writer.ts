import { HEADER_BYTES, writeLength } from './frame.js';
import { MessageTooLargeError } from './socket.errors.js';

/** How much is gathered in one buffer. */
const SLAB_BYTES = 64 * 1_024;
/** A body up to here is copied beside its neighbours; a larger one costs more to copy than to write by itself. */
const LARGEST_COPY_BYTES = 16 * 1_024;
/** What one unit of a JavaScript string can take in UTF-8. */
const BYTES_PER_UNIT = 3;

/** Bytes to be written. */
export interface Part {
  readonly bytes: Uint8Array;
  /** Nobody looks at them once they are written: their memory may be freed. */
  readonly isSpent: boolean;
}

/**
 * Gathers frames into as few buffers as possible.
 *
 * Promises: a small body and its length lie in one buffer with their neighbours, and text is encoded right into it; a large text is
 * encoded once, behind its length; large bytes are not copied at all, so who sends them must leave them as they are until they are
 * written. A body above the limit leaves no trace. A buffer that was taken out is never written to again.
 */
export class FrameWriter {
  /** How many bytes wait to be taken. */
  bytes = 0;
  /** How many frames were added, ever. */
  frames = 0;
  private parts: Part[] = [];
  /** The part of the slab that is in use and not yet among the parts: from `start` up to `end`. */
  private slab = Buffer.alloc(0);
  private start = 0;
  private end = 0;
  /** From where in the slab on nothing was shown by `fresh`; undefined when what is fresh lies elsewhere too. */
  private freshFrom: number | undefined = 0;

  /** @param isSpent whether nobody but the writer will look at the bytes. @throws MessageTooLargeError */
  add(body: string | Uint8Array, maxBytes: number, isSpent = false): void {
    if (typeof body !== 'string') return this.addBytes(body, maxBytes, isSpent);
    if (body.length * BYTES_PER_UNIT > LARGEST_COPY_BYTES) return this.addLongText(body, maxBytes);
    this.reserve(HEADER_BYTES + body.length * BYTES_PER_UNIT);
    const length = this.slab.write(body, this.end + HEADER_BYTES);
    refuseAbove(maxBytes, length);
    this.close(length);
  }

  /** Takes out everything in the order in which it was added. */
  take(): Part[] {
    this.seal();
    const { parts } = this;
    this.parts = [];
    this.bytes = 0;
    this.freshFrom = this.end;
    return parts;
  }

  /** What was added since the last call, or since all was taken; undefined when it does not lie in one piece. */
  fresh(): Uint8Array | undefined {
    if (this.freshFrom === undefined) return undefined;
    const fresh = this.slab.subarray(this.freshFrom, this.end);
    this.freshFrom = this.end;
    return fresh;
  }

  private addBytes(body: Uint8Array, maxBytes: number, isSpent: boolean): void {
    const { length } = body;
    refuseAbove(maxBytes, length);
    if (length <= LARGEST_COPY_BYTES) {
      this.reserve(HEADER_BYTES + length);
      this.slab.set(body, this.end + HEADER_BYTES);
      return this.close(length);
    }
    this.reserve(HEADER_BYTES);
    writeLength(this.slab, this.end, length);
    this.end += HEADER_BYTES;
    this.bytes += HEADER_BYTES;
    this.append(body, isSpent);
  }

  private addLongText(body: string, maxBytes: number): void {
    const length = Buffer.byteLength(body);
    refuseAbove(maxBytes, length);
    const frame = Buffer.allocUnsafeSlow(HEADER_BYTES + length);
    writeLength(frame, 0, length);
    frame.write(body, HEADER_BYTES);
    this.append(frame, true);
  }

  /** Makes room for `bytes` behind what the slab holds, in a new one if need be. */
  private reserve(bytes: number): void {
    if (this.end + bytes <= this.slab.length) return;
    this.seal();
    this.freshFrom = this.freshFrom === this.end ? 0 : undefined;
    this.slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    this.start = this.end = 0;
  }

  /** Ends the frame whose body of `length` bytes was written behind the room for its header. */
  private close(length: number): void {
    writeLength(this.slab, this.end, length);
    this.end += HEADER_BYTES + length;
    this.bytes += HEADER_BYTES + length;
    this.frames++;
  }

  private append(bytes: Uint8Array, isSpent: boolean): void {
    this.seal();
    this.freshFrom = undefined;
    this.parts.push({ bytes, isSpent });
    this.bytes += bytes.length;
    this.frames++;
  }

  private seal(): void {
    if (this.start === this.end) return;
    this.parts.push({ bytes: this.slab.subarray(this.start, this.end), isSpent: false });
    this.start = this.end;
  }
}

function refuseAbove(maxBytes: number, sizeBytes: number): void {
  if (!(sizeBytes <= maxBytes)) throw new MessageTooLargeError(sizeBytes, maxBytes);
}

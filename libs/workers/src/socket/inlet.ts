import type { OnReadOpts } from 'node:net';

/** As much is read at once where it is not known what comes. */
const SLAB_BYTES = 64 * 1_024;

/** What reads from an inlet. */
export interface InletReader {
  /** Where the next bytes can be put right away. */
  readonly room: Buffer | undefined;
  /** They were put there. */
  filled(bytes: number): void;
  /** They lie in `chunk`, whose memory is used again when this returns. */
  push(chunk: Buffer): void;
}

/**
 * Lets a socket read into the same memory again and again: `new Socket({ onread: inlet.onread })`.
 *
 * A stream makes new memory for each chunk, outside of the heap and freed when the garbage is collected; with large messages that is a
 * collection of the whole heap after every thirty of them. Bytes of a large frame are read to where the frame is put together.
 */
export class Inlet {
  private readonly slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  /** Who reads; there before the first byte is. */
  reader: InletReader | undefined;

  readonly onread: OnReadOpts = {
    // The memory of the next read. It is asked for when the last one has been taken.
    buffer: () => this.memory,
    callback: (bytes, memory) => {
      const { reader } = this;
      if (reader === undefined) return true;
      if (memory.buffer === this.slab.buffer) reader.push(this.slab.subarray(0, bytes));
      else reader.filled(bytes);
      return true;
    },
  };

  private get memory(): Buffer {
    const room = this.reader?.room;
    return room === undefined || room.length < SLAB_BYTES ? this.slab : room;
  }
}

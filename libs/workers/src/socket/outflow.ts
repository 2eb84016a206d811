import { writeSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { FrameWriter, type Part } from './frame.writer.js';
import { free } from './spent.js';

/** Where a side keeps what its socket does not have yet, so that it outlives the process. */
export interface Journal {
  /** Keeps `bytes`, before it returns; false when it cannot. `first` is the number of the first frame in it, counted from 0. */
  note(bytes: Uint8Array, first: number): boolean;
  /** The socket has everything that was noted. */
  begin(): void;
}

/** How one frame leaves. */
export interface Sending {
  /** It leaves with the next that may not wait, or with `flush`. @default false */
  readonly mayWait?: boolean | undefined;
  /** Nobody else looks at the bytes: once they are written their memory may be freed. @default false */
  readonly isSpent?: boolean | undefined;
}

/** As much as this is written without waiting for the end of the turn. */
const FULL_BYTES = 64 * 1_024;

/**
 * What was sent on a line and the system has not taken yet.
 *
 * Promises: what is added in one turn of the event loop is written together, at its end at the latest, in the order in which it was
 * added. Does not promise: a bound. `bytes` tells how much there is, and `drained` when nothing is left.
 */
export class Outflow {
  private readonly writer = new FrameWriter();
  private waiters: (() => void)[] = [];
  private isDue = false;
  private isHeld = false;
  /** How many frames the socket or the journal has. */
  private safe = 0;

  /** @param fd the descriptor that `socket` writes to, where it is known: small writes then go straight to the system. */
  constructor(
    private readonly socket: Duplex,
    private readonly fd: number | undefined,
    private readonly journal: Journal | undefined,
  ) {}

  get bytes(): number {
    return this.writer.bytes + this.socket.writableLength;
  }

  /** @throws MessageTooLargeError */
  add(body: string | Uint8Array, maxBytes: number, { mayWait = false, isSpent = false }: Sending): void {
    this.writer.add(body, maxBytes, isSpent);
    if (this.writer.bytes >= FULL_BYTES) this.flush();
    else if (!mayWait && !this.isHeld && !this.isDue) {
      this.isDue = true;
      setImmediate(this.due);
    }
  }

  flush(): void {
    if (this.writer.bytes === 0 || this.socket.destroyed) return;
    const parts = this.writer.take();
    this.safe = this.writer.frames;
    const [only] = parts;
    if (parts.length === 1 && only !== undefined && this.fd !== undefined) this.writeStraight(only, this.fd);
    else {
      this.socket.cork();
      for (const part of parts) this.write(part);
      this.socket.uncork();
    }
    if (this.socket.writableLength === 0) this.journal?.begin();
  }

  /** Makes sure that what was added outlives this process: notes it in the journal, or writes it now. */
  secure(): void {
    if (this.safe === this.writer.frames) return;
    const fresh = this.journal === undefined ? undefined : this.writer.fresh();
    if (fresh === undefined || this.journal?.note(fresh, this.safe) !== true) this.flush();
    this.safe = this.writer.frames;
  }

  /** Holds back what is added until `letGo`, which saves a look at the end of the turn. */
  hold(): void {
    this.isHeld = true;
  }

  letGo(): void {
    this.isHeld = false;
    this.flush();
  }

  drained(): Promise<void> {
    this.flush();
    if (this.bytes === 0 || this.socket.closed) return Promise.resolve();
    return new Promise((resolve) => this.waiters.push(resolve));
  }

  /** Nothing will be written any more: whoever waits need not. */
  close(): void {
    for (const resolve of this.waiters.splice(0)) resolve();
  }

  /**
   * Writes past the stream, which costs a third of a write through it, as long as nothing waits there; what the system does not take at
   * once, and every error, is the stream's.
   */
  private writeStraight(part: Part, fd: number): void {
    const { bytes } = part;
    let taken = 0;
    try {
      if (this.socket.writableLength === 0) taken = writeSync(fd, bytes);
    } catch {
      // EAGAIN: the socket is full. Whatever else it is, the stream will find it too.
    }
    if (taken < bytes.length) this.write(part, taken);
    else this.wrote(part);
  }

  private write(part: Part, from = 0): void {
    this.socket.write(from === 0 ? part.bytes : part.bytes.subarray(from), () => this.wrote(part));
  }

  private wrote({ bytes, isSpent }: Part): void {
    if (isSpent) free(bytes);
    if (this.waiters.length > 0 && this.bytes === 0) this.close();
  }

  private readonly due = (): void => {
    this.isDue = false;
    this.flush();
  };
}

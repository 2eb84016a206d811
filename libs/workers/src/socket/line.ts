import type { Duplex } from 'node:stream';
import { asError } from '../message/fault.js';
import { DEFAULT_MAX_MESSAGE_BYTES } from './frame.js';
import { FrameReader } from './frame.reader.js';
import type { Inlet } from './inlet.js';
import { type Journal, Outflow, type Sending } from './outflow.js';
import { FrameTruncatedError, LineClosedError } from './socket.errors.js';

/** Why a line is closed. */
export type LineEnd =
  /** This side closed or destroyed it. */
  | { readonly type: 'closed' }
  /** The other side ended it between two frames; also what a process leaves that died while it wrote nothing. */
  | { readonly type: 'left' }
  /** It failed: EPIPE, ECONNRESET, a frame that is too large or was cut off, or a taker of frames that threw. */
  | { readonly type: 'broken'; readonly error: Error };

type LineState =
  | { readonly type: 'open' }
  /** Nothing more is sent; what was sent is on its way, and frames still arrive. */
  | { readonly type: 'closing'; readonly end: LineEnd }
  | { readonly type: 'closed'; readonly end: LineEnd };

const OPEN: LineState = { type: 'open' };
const CLOSED: LineEnd = { type: 'closed' };
const LEFT: LineEnd = { type: 'left' };
const AT_ONCE: Sending = {};

export interface LineOptions {
  /**
   * The largest body this side sends or takes, in bytes.
   * @default 67108864
   */
  readonly maxMessageBytes?: number;
  /**
   * The descriptor of the socket, for a process that writes often and little, on systems where a socket may be written to like a file.
   * @default unknown: all writes go through the stream
   */
  readonly fd?: number;
  /** Where `secure` keeps what is not written yet. @default nowhere: it is written */
  readonly journal?: Journal;
  /** What the socket was made to read through; then a frame is lent to its taker until that returns. @default none: it is the taker's */
  readonly inlet?: Inlet;
}

/**
 * The socket room: how bytes get from one process to another. A line is two directions of frames over one socket, whatever that is:
 * the inherited end of a pair, a Unix domain socket or a Windows named pipe. What the frames mean is none of its business.
 *
 * It is open, then closing, then closed. Around it in this room: `frame.ts` (what lies on the wire), `socket.adapter.ts` and
 * `socket.path.ts` (where a named socket stands), `handshake.ts` and `admission.ts` (who may speak), `connect.ts` (until it is there),
 * `middleware.ts` (what may change a message on its way), `phase.ts` (where an isolate stands in all this).
 *
 * Promises: frames arrive whole, in order and once; those sent in one turn of the event loop share their writes; a message that is too
 * large is refused alone; the end is told once, with its reason, and no error of a socket is ever uncaught.
 * Does not promise: that what was sent has arrived (only an answer says so); that a peer which reads nothing lets the line close by
 * itself (that takes `destroy`); to notice an end while nobody takes frames; a bound on what is sent faster than it is written
 * (`bufferedBytes` and `drained` are for that).
 * Invariant: after the end nothing is taken, given or written.
 */
export class Line {
  /** May be changed; counts for every frame from then on. */
  maxMessageBytes: number;
  private state: LineState = OPEN;
  private taker: ((body: Buffer) => void) | undefined;
  private readonly reader: FrameReader;
  private readonly outflow: Outflow;
  private readonly mourners: ((end: LineEnd) => void)[] = [];
  /** Whether a frame is the taker's only until it returns. */
  readonly isLending: boolean;
  /** How many frames were given away, whoever took them. */
  given = 0;
  private isDelivering = false;

  /** @param socket fresh: nobody has read from it, and an error of it is yet to come. From now on it belongs to the line. */
  constructor(
    private readonly socket: Duplex,
    { maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES, fd, journal, inlet }: LineOptions = {},
  ) {
    this.maxMessageBytes = maxMessageBytes;
    this.isLending = inlet !== undefined;
    this.reader = new FrameReader(this.isLending);
    this.outflow = new Outflow(socket, fd, journal);
    if (inlet === undefined) socket.on('data', (chunk: Buffer) => this.take(chunk));
    else this.readThrough(inlet);
    socket.pause();
    socket.on('end', () => this.leave());
    socket.on('error', (error) => this.cut({ type: 'broken', error }));
    socket.on('close', () => this.closed());
    // Whoever hands over a socket that is closed already still hears of it.
    if (socket.closed) process.nextTick(() => this.closed());
  }

  get isOpen(): boolean {
    return this.state.type === 'open';
  }

  /** Bytes that were sent and that the system has not taken yet. */
  get bufferedBytes(): number {
    return this.outflow.bytes;
  }

  /**
   * Sends one frame, at the end of this turn of the event loop at the latest; `flush` does it now. Bytes must be left as they are until
   * they are written.
   *
   * @throws MessageTooLargeError This message only; the line lives on.
   * @throws LineClosedError
   */
  send(body: string | Uint8Array, sending: Sending = AT_ONCE): void {
    if (this.state.type !== 'open') throw new LineClosedError();
    this.outflow.add(body, this.maxMessageBytes, sending);
  }

  /** Writes what was sent, now. On a socket with room the system has it when this returns, so the process may end. */
  flush(): void {
    this.outflow.flush();
  }

  /** Whether the line keeps the process alive. */
  hold(isHolding: boolean): void {
    const socket = this.socket as Duplex & { ref?(): void; unref?(): void };
    if (isHolding) socket.ref?.();
    else socket.unref?.();
  }

  /** Makes sure that what was sent outlives this process, as cheaply as possible. */
  secure(): void {
    this.outflow.secure();
  }

  /** Resolves when the system has taken all that was sent, or the line is closed; never rejects. */
  drained(): Promise<void> {
    return this.outflow.drained();
  }

  /**
   * Says who takes the frames from now on. While nobody does, nothing is read. A taker that throws breaks the line. What a taker sends
   * before it returns is written when all frames at hand have been taken.
   */
  onFrame(taker: ((body: Buffer) => void) | undefined): void {
    this.taker = taker;
    if (taker === undefined) this.socket.pause();
    else if (!this.isDelivering) process.nextTick(() => this.deliver());
  }

  /** Calls `mourner` once, when the line is closed; at once when it is. It must not throw. */
  onClose(mourner: (end: LineEnd) => void): void {
    if (this.state.type === 'closed') mourner(this.state.end);
    else this.mourners.push(mourner);
  }

  /**
   * Sends nothing more, writes what was sent, and closes when the other side has ended too. Frames arrive until then; those that nobody
   * takes are let go.
   */
  close(): void {
    this.end(CLOSED);
  }

  /** Closes now. What is still on its way, in either direction, is lost. */
  destroy(): void {
    this.cut(CLOSED);
  }

  private take(chunk: Buffer): void {
    this.reader.push(chunk);
    this.deliver();
  }

  private readThrough(inlet: Inlet): void {
    const { reader } = this;
    inlet.reader = {
      get room() {
        return reader.room;
      },
      filled: (bytes) => {
        reader.filled(bytes);
        this.deliver();
      },
      push: (chunk) => {
        this.take(chunk);
        reader.keepRest();
      },
    };
  }

  /** Gives away the frames at hand, as long as somebody takes them. */
  private deliver(): void {
    if (this.isDelivering) return;
    this.isDelivering = true;
    this.outflow.hold();
    try {
      while (this.taker !== undefined && !this.socket.destroyed) {
        const body = this.reader.next(this.maxMessageBytes);
        if (body === undefined) break;
        this.given++;
        this.taker(body);
      }
    } catch (thrown) {
      this.cut({ type: 'broken', error: asError(thrown) });
    }
    this.isDelivering = false;
    this.outflow.letGo();
    if (this.taker !== undefined && this.socket.isPaused()) this.socket.resume();
  }

  /** The other side has ended: in order, or inside a frame. */
  private leave(): void {
    const end = this.peerEnd();
    if (end.type === 'broken') this.cut(end);
    else this.end(end);
  }

  private peerEnd(): LineEnd {
    const isCutOff = this.taker !== undefined && this.reader.isInside;
    return isCutOff ? { type: 'broken', error: new FrameTruncatedError() } : LEFT;
  }

  private end(end: LineEnd): void {
    if (this.state.type !== 'open') return;
    this.outflow.flush();
    this.state = { type: 'closing', end };
    this.socket.end();
    // An end that nobody reads up to is never seen.
    if (this.taker === undefined) this.onFrame(() => {});
  }

  /** The first reason counts, except that a failure replaces the close of ours that it kept from being orderly. */
  private cut(end: LineEnd): void {
    if (this.state.type === 'open' || (this.state.type === 'closing' && this.state.end === CLOSED)) {
      this.state = { type: 'closing', end };
    }
    this.socket.destroy();
  }

  private closed(): void {
    if (this.state.type === 'closed') return;
    const end = this.state.type === 'open' ? this.peerEnd() : this.state.end;
    this.state = { type: 'closed', end };
    this.taker = undefined;
    this.outflow.close();
    for (const mourner of this.mourners.splice(0)) mourner(end);
  }
}

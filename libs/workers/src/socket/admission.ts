import type { Duplex } from 'node:stream';
import type { Clock } from '../lifecycle/clock.js';
import { type Answer, HANDSHAKE_MAX_BYTES } from './handshake.js';
import { Line, type LineEnd } from './line.js';
import { FrameTooLargeError, FrameTruncatedError, HandshakeError, type HandshakeFailure } from './socket.errors.js';
import { TokenCheck } from './token.js';

export interface AdmissionOptions {
  /** What the isolate was given to show; see `newToken`. */
  readonly token: string;
  /** How long a connection may take to show it, in milliseconds. */
  readonly timeoutMs: number;
  /** The limit of an accepted line, in bytes. */
  readonly maxMessageBytes: number;
  readonly clock: Clock;
  /** Hands over an accepted line. Frames wait until somebody takes them. */
  onAccepted(line: Line): void;
  /** Tells that a connection was refused and is being closed. Must not throw. */
  onRefused(error: HandshakeError): void;
}

/**
 * The host's door to one isolate: every connection to its socket comes in here, one at a time gets through.
 *
 * A connection is a stranger until its token was right; then it is the guest, until its line is closed. After that the isolate may come
 * back with the same token.
 *
 * Promises: each connection is accepted once or refused once, or is still a stranger; a stranger has one deadline and can make the host
 * hold 256 bytes; whatever a stranger does, host and guest are unharmed.
 * Does not promise: a bound on the number of strangers (the private directory of a Unix socket is that bound).
 */
export class Admission {
  private readonly check: TokenCheck;
  private readonly strangers = new Set<Line>();
  private guest: Line | undefined;

  constructor(private readonly options: AdmissionOptions) {
    this.check = new TokenCheck(options.token);
  }

  /** Takes a connection in as a stranger: `server.on('connection', (socket) => admission.receive(socket))`. */
  receive(socket: Duplex): void {
    const line = new Line(socket, { maxMessageBytes: HANDSHAKE_MAX_BYTES });
    this.strangers.add(line);
    const deadline = this.options.clock.after(this.options.timeoutMs, () => {
      this.refuse(line, 'silence');
      line.destroy();
    });
    line.onClose((end) => {
      deadline.cancel();
      this.refuse(line, ...failureOf(end));
    });
    line.onFrame((body) => {
      const answer = this.judge(body);
      if (answer !== 'accepted') return this.turnAway(line, answer);
      deadline.cancel();
      this.accept(line);
    });
  }

  /** Hangs up on the strangers. The guest stays. */
  close(): void {
    for (const line of this.strangers) line.destroy();
  }

  private judge(token: Buffer): Answer {
    if (!this.check.accepts(token)) return 'token';
    return this.guest === undefined ? 'accepted' : 'occupied';
  }

  private accept(line: Line): void {
    this.strangers.delete(line);
    this.guest = line;
    line.onClose(() => (this.guest = undefined));
    line.onFrame(undefined);
    line.maxMessageBytes = this.options.maxMessageBytes;
    line.send('accepted' satisfies Answer);
    this.options.onAccepted(line);
  }

  /** The deadline cuts a stranger off that was answered and does not go. */
  private turnAway(line: Line, answer: Exclude<Answer, 'accepted'>): void {
    line.onFrame(() => {});
    line.send(answer);
    line.close();
    this.refuse(line, answer);
  }

  /** Tells it the first time. */
  private refuse(line: Line, reason: HandshakeFailure, options?: ErrorOptions): void {
    if (this.strangers.delete(line)) this.options.onRefused(new HandshakeError(reason, options));
  }
}

function failureOf(end: LineEnd): [HandshakeFailure, ErrorOptions?] {
  if (end.type !== 'broken') return ['gone'];
  const { error } = end;
  const isGarbage = error instanceof FrameTooLargeError || error instanceof FrameTruncatedError;
  return [isGarbage ? 'garbage' : 'gone', { cause: error }];
}

import type { Line } from './line.js';
import { HandshakeError } from './socket.errors.js';

/**
 * What is said before messages are: the connecting side sends the token of its isolate as its first frame, the host answers with one
 * word. After `accepted` the line belongs to the messages; after any other word the host hangs up.
 *
 * An inherited socket needs none of this, because nobody but the child has it.
 */
export type Answer = 'accepted' | 'token' | 'occupied';

const ANSWERS: readonly string[] = ['accepted', 'token', 'occupied'] satisfies Answer[];

/** Enough for a token and for an answer; a stranger cannot make the host hold more than this. */
export const HANDSHAKE_MAX_BYTES = 256;

/**
 * Asks the host at the other end of `line` to accept this connection. From the answer on nobody takes frames, so none is lost until the
 * caller does.
 *
 * Does not promise: an answer in time (`connect` sees to that, or destroy the line); to know the host, which is whoever listens.
 *
 * @throws HandshakeError `token` when it was wrong, `occupied`, `garbage`, or `gone`.
 * @throws Error What broke the line, such as ENOENT where nobody listens.
 */
export function greet(line: Line, token: string): Promise<void> {
  return new Promise((resolve, reject) => {
    line.onClose((end) => reject(end.type === 'broken' ? end.error : new HandshakeError('gone')));
    line.onFrame((body) => {
      line.onFrame(undefined);
      const answer = readAnswer(body);
      if (answer === 'accepted') return resolve();
      reject(new HandshakeError(answer ?? 'garbage'));
      line.destroy();
    });
    line.send(token);
  });
}

function readAnswer(body: Buffer): Answer | undefined {
  const word = body.toString();
  return ANSWERS.includes(word) ? (word as Answer) : undefined;
}

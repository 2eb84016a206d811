import type { ToIsolate } from '../isolate/protocol.js';
import { asError } from '../message/fault.js';
import type { Line } from '../socket/line.js';
import type { Serializer } from '../wire/serializer.js';

/** After a frame above this, words travel alone until one is small again: what is large costs more to keep back than to write. */
const LARGE_BYTES = 16 * 1_024;

/** A word on its way out: what the middlewares made of it, and itself. */
interface Leaving {
  readonly message: unknown;
  readonly word: ToIsolate;
}

/**
 * Words of the host that leave as one frame, a list: to write eight at once costs two thirds of writing each.
 *
 * Promises: words leave in the order in which they were added; one that cannot be written does not keep back the others.
 */
export class Bundle {
  private leaving: Leaving[] = [];
  private isLarge = false;

  constructor(
    private readonly line: Line,
    private readonly serializer: Serializer,
    private readonly onUnsaid: (word: ToIsolate, error: Error) => void,
  ) {}

  /** Adds a word that leaves with the next `send`, or now if words are large. */
  keep(message: unknown, word: ToIsolate): void {
    this.leaving.push({ message, word });
    if (this.isLarge) this.send(true);
  }

  /** Adds a word, and sends it with those that were kept. */
  say(message: unknown, word: ToIsolate): void {
    this.leaving.push({ message, word });
    this.send(false);
  }

  /** @param mayWait whether somebody is about to flush the line */
  send(mayWait: boolean): void {
    const { leaving } = this;
    if (leaving.length === 0) return;
    this.leaving = [];
    if (leaving.length > 1 && this.write(leaving, mayWait) === undefined) return;
    for (const one of leaving) {
      const error = this.write([one], mayWait);
      if (error !== undefined) this.onUnsaid(one.word, error);
    }
  }

  /** What went wrong; then nothing was written. */
  private write(leaving: readonly Leaving[], mayWait: boolean): Error | undefined {
    const { line, serializer } = this;
    if (!line.isOpen) return undefined;
    try {
      const frame = serializer.serialize(leaving.map(({ message }) => message));
      this.isLarge = frame.length > LARGE_BYTES;
      line.send(frame, { mayWait, isSpent: serializer.isCopying });
      return undefined;
    } catch (error) {
      return asError(error);
    }
  }
}

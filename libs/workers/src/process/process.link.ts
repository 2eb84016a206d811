import { performance } from 'node:perf_hooks';
import type { Link, Manners } from '../isolate/inside/link.js';
import { knownErrors } from '../isolate/known.errors.js';
import { Packing } from '../isolate/packing.js';
import type { ToHost } from '../isolate/protocol.js';
import { asError } from '../message/fault.js';
import type { Line } from '../socket/line.js';
import { Passage } from '../socket/middleware.js';
import type { Serializer } from '../wire/serializer.js';
import { type Dialect, dialectNamed, FIRST } from './dialect.js';

/** How long words may lie in the journal, while this process is busy, before the socket gets them. */
const FLUSH_AFTER_MS = 0.2;
/** How long stop hooks may take when the host is gone. */
const ORPHAN_MS = 1_000;

/**
 * The way from a child process to its host: the other side of `HostTalk`.
 *
 * Promises: a word of the host that cannot be read, that a middleware here throws at or that makes no sense ends the isolate, and the host
 * is told why; what comes behind it is not heard.
 */
export class ProcessLink implements Link {
  onWord: (word: unknown) => void = () => {};
  onUnsaid: (word: ToHost, error: Error) => void = () => {};
  onGone: () => void = () => {};
  /** Whether the host has asked it to close, so that a signal to end is meant. */
  isDismissed = false;
  private flushedAt = 0;
  private dialect: Dialect | undefined;
  private hostSerializer = FIRST.name;
  private sending: Passage<ToHost> | undefined;
  private receiving: Passage<undefined> | undefined;

  constructor(
    private readonly line: Line,
    /** Ends what this isolate lives in: the process, or, for one that may attach again, this attachment. */
    private readonly end: (code: number) => void,
  ) {
    line.onFrame((body) => {
      this.flushedAt = performance.now();
      this.hear(body);
    });
    line.onClose(() => {
      setTimeout(() => end(0), ORPHAN_MS).unref();
      this.onGone();
    });
  }

  get form(): 'json' | 'clone' {
    return this.dialect?.serializer.form ?? 'json';
  }

  speak({ serializer, middleware = [] }: Manners): void {
    const list = typeof middleware === 'function' ? [middleware] : middleware;
    const dialect = dialectNamed(this.hostSerializer, {
      ...(serializer === undefined ? {} : { serializer }),
      middleware: list,
    });
    this.dialect = dialect;
    this.sending = new Passage('send', dialect.middleware, {
      passed: (message, word) => this.write(message, word),
      failed: (error, word) => this.onUnsaid(word, error),
    });
    this.receiving = new Passage('receive', dialect.middleware, {
      passed: (message) => this.heard(message),
      failed: (error) => this.refuse(error),
    });
    this.line.send(FIRST.serialize(['met', dialect.serializer.name]));
  }

  say(word: ToHost): void {
    if (this.sending !== undefined) this.sending.enter(word, word);
    else if (this.line.isOpen) this.line.send(FIRST.serialize(word));
  }

  flush(): void {
    const now = performance.now();
    if (now - this.flushedAt < FLUSH_AFTER_MS) return this.line.secure();
    this.flushedAt = now;
    this.line.flush();
  }

  leave(code: number): void {
    void this.quiet().then(() => this.end(code));
  }

  /** Resolves when what was said has left. */
  private async quiet(): Promise<void> {
    await this.sending?.settled;
    this.line.close();
    await this.line.drained();
  }

  private hear(body: Buffer): void {
    let words: readonly unknown[];
    try {
      if (this.dialect === undefined) return this.hearBirth(FIRST.deserialize(body));
      words = this.read(body, this.dialect.serializer);
    } catch (thrown) {
      return this.refuse(asError(thrown));
    }
    for (const word of words) this.receiving?.enter(word, undefined);
  }

  private heard(word: unknown): void {
    if (Array.isArray(word) && word[0] === 'close') this.isDismissed = true;
    try {
      this.onWord(word);
    } catch (thrown) {
      this.refuse(asError(thrown));
    }
  }

  /** Listens no more, says why, and has what is open here closed. */
  private refuse(error: Error): void {
    this.line.onFrame(undefined);
    this.receiving = undefined;
    this.onWord = () => {};
    this.say(['refused', new Packing(this.form, knownErrors()).thrown(error)]);
    this.flush();
    this.onGone();
  }

  private hearBirth(word: unknown): void {
    if (Array.isArray(word) && typeof word[2] === 'string') this.hostSerializer = word[2];
    this.onWord(Array.isArray(word) ? word.slice(0, 2) : word);
  }

  private read(body: Buffer, serializer: Serializer): readonly unknown[] {
    const isLeft = serializer.isCopying === true || !this.line.isLending;
    const words = serializer.deserialize(isLeft ? body : Buffer.from(body));
    if (!Array.isArray(words)) throw new TypeError('The host wrote a frame that is no list of words');
    return words;
  }

  private write(message: unknown, word: ToHost): void {
    if (!this.line.isOpen) return;
    try {
      const { serializer } = this.dialect as Dialect;
      this.line.send(serializer.serialize(message), { isSpent: serializer.isCopying });
    } catch (error) {
      this.onUnsaid(word, asError(error));
    }
  }
}

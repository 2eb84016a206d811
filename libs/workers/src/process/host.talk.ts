import { asError } from '../message/fault.js';
import type { ToIsolate } from '../isolate/protocol.js';
import { FrameReader } from '../socket/frame.reader.js';
import type { Line } from '../socket/line.js';
import { Passage } from '../socket/middleware.js';
import { type Dialect, FIRST } from './dialect.js';

/** Where a talk's words come out. */
export interface HostTalkExit {
  onWord(word: unknown): void;
  onUnsaid(word: ToIsolate, error: Error): void;
}

/** What is told by its run alone, so that it may be told twice. */
const RECOVERED = new Set<unknown>(['entered', 'done', 'failed', 'skipped']);

/**
 * The host's side of the talk with one isolate: words on a line, in the dialect of both.
 *
 * The first word of each side is written in plain JSON: the host's is the birth, with the name of the serializer in it; the isolate's is
 * `met`, which says that it found that serializer, or `refused`. From then on both keep to the dialect.
 */
export class HostTalk {
  private readonly sending: Passage<ToIsolate>;
  private readonly receiving: Passage<'heard' | 'recovered'>;
  private hasMet = false;
  /** Whether somebody will flush what is said now. What a middleware takes its time over comes too late for that. */
  private isKeeping = false;

  constructor(
    private readonly line: Line,
    private readonly dialect: Dialect,
    private readonly exit: HostTalkExit,
  ) {
    const { serializer, middleware } = dialect;
    this.sending = new Passage('send', middleware, {
      passed: (message, word) => this.write(message, word, this.isKeeping),
      failed: (error, word) => exit.onUnsaid(word, error),
    });
    this.receiving = new Passage<'heard' | 'recovered'>('receive', middleware, {
      passed: (message, how) => {
        if (how === 'heard' || (Array.isArray(message) && RECOVERED.has(message[0]))) exit.onWord(message);
      },
      failed: () => line.destroy(),
    });
    line.onFrame((body) => {
      if (this.hasMet) return this.receiving.enter(serializer.deserialize(body), 'heard');
      this.hear(FIRST.deserialize(body));
    });
  }

  say(word: ToIsolate): void {
    if (word[0] === 'birth') this.line.send(FIRST.serialize([...word, this.dialect.serializer.name]));
    else this.sending.enter(word, word);
  }

  /** Hears what the isolate noted and may not have written: outcomes, and which handlers it is in. To hear them twice changes nothing. */
  recover(frames: Buffer): void {
    if (!this.hasMet || frames.length === 0) return;
    const reader = new FrameReader();
    reader.push(frames);
    for (let body = reader.next(frames.length); body !== undefined; body = reader.next(frames.length)) {
      this.receiving.enter(this.dialect.serializer.deserialize(Buffer.from(body)), 'recovered');
    }
  }

  /** Messages wait for company; whoever says them says `flush`. */
  keep(word: ToIsolate): void {
    this.isKeeping = true;
    this.sending.enter(word, word);
    this.isKeeping = false;
  }

  get bufferedBytes(): number {
    return this.line.bufferedBytes;
  }

  flush(): void {
    this.line.flush();
  }

  hold(isHolding: boolean): void {
    this.line.hold(isHolding);
  }

  destroy(): void {
    this.line.destroy();
  }

  private hear(first: unknown): void {
    this.hasMet = true;
    if (!(Array.isArray(first) && first[0] === 'met')) this.exit.onWord(first);
  }

  private write(message: unknown, word: ToIsolate, mayWait: boolean): void {
    if (!this.line.isOpen) return;
    try {
      this.line.send(this.dialect.serializer.serialize(message), mayWait);
    } catch (error) {
      this.exit.onUnsaid(word, asError(error));
    }
  }
}

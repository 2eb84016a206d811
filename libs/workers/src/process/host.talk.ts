import type { ToIsolate } from '../isolate/protocol.js';
import { asError } from '../message/fault.js';
import { FrameReader } from '../socket/frame.reader.js';
import type { Line } from '../socket/line.js';
import { Passage } from '../socket/middleware.js';
import { Bundle } from './bundle.js';
import { type Dialect, FIRST } from './dialect.js';
import type { JournalRecord } from './journal.js';

/** Where a talk's words come out. */
export interface HostTalkExit {
  onWord(word: unknown): void;
  onUnsaid(word: ToIsolate, error: Error): void;
  onUnheard(error: Error): void;
}

/**
 * The host's side of the talk with one isolate: words on a line, in the dialect of both.
 *
 * The first word of each side is written in plain JSON: the host's is the birth, with the name of the serializer in it; the isolate's is
 * `met`, which says that it found that serializer, or `refused`. From then on both keep to the dialect. A frame of the host's is a
 * list of words, one of the isolate's is one word.
 *
 * Promises: each word of the isolate is heard once, in the order in which it was said, from the socket or from the journal, whichever has
 * it first.
 */
export class HostTalk {
  private readonly sending: Passage<ToIsolate>;
  private readonly receiving: Passage;
  private hasMet = false;
  /** How many frames of the line were heard, those that admitted it included: the number of the next. */
  private heard: number;
  /** Whether somebody will flush what is said now. What a middleware takes its time over comes too late for that. */
  private isKeeping = false;
  private readonly bundle: Bundle;

  constructor(
    private readonly line: Line,
    private readonly dialect: Dialect,
    private readonly exit: HostTalkExit,
  ) {
    const { serializer, middleware } = dialect;
    this.heard = line.given;
    this.bundle = new Bundle(line, serializer, (word, error) => exit.onUnsaid(word, error));
    this.sending = new Passage('send', middleware, {
      passed: (message, word) => this.bundle[this.isKeeping ? 'keep' : 'say'](message, word),
      failed: (error, word) => exit.onUnsaid(word, error),
    });
    this.receiving = new Passage('receive', middleware, {
      passed: (message) => exit.onWord(message),
      failed: (error) => exit.onUnheard(error),
    });
    line.onFrame((body) => {
      if (line.given > this.heard) this.hear(body);
    });
  }

  say(word: ToIsolate): void {
    if (word[0] === 'birth') this.line.send(FIRST.serialize([...word, this.dialect.serializer.name]));
    else this.sending.enter(word, word);
  }

  /** Hears what the isolate noted, as far as it follows on what was heard: outcomes, and which handlers it is in. */
  recover(records: readonly JournalRecord[]): void {
    if (!this.hasMet) return;
    for (const { first, frames } of records) {
      const reader = new FrameReader();
      reader.push(frames);
      for (let number = first; ; number++) {
        const body = reader.next(frames.length);
        if (body === undefined) break;
        if (number === this.heard) this.hear(Buffer.from(body));
      }
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

  /** Resolves when what came over the line until now was heard; never rejects. */
  get allHeard(): Promise<void> {
    return this.receiving.settled;
  }

  flush(): void {
    this.bundle.send(true);
    this.line.flush();
  }

  hold(isHolding: boolean): void {
    this.line.hold(isHolding);
  }

  destroy(): void {
    this.line.destroy();
  }

  private hear(body: Buffer): void {
    this.heard++;
    const hadMet = this.hasMet;
    this.hasMet = true;
    let word: unknown;
    try {
      word = (hadMet ? this.dialect.serializer : FIRST).deserialize(body);
    } catch (thrown) {
      return this.exit.onUnheard(asError(thrown));
    }
    if (hadMet) this.receiving.enter(word, undefined);
    else if (!(Array.isArray(word) && word[0] === 'met')) this.exit.onWord(word);
  }
}

import type { Body, Ending } from '../isolate/body.js';
import type { ToIsolate } from '../isolate/protocol.js';
import type { Dialect } from './dialect.js';
import { HostTalk } from './host.talk.js';
import type { Meeting } from './process.body.js';

/** Where a process that is started elsewhere attaches: the same path and token that it gives to `attachIsolate`. */
export interface Attach {
  readonly path: string;
  readonly token: string;
}

/** Short secrets can be guessed. */
const LEAST_TOKEN_LENGTH = 16;

export function isAttach(given: unknown): given is Attach {
  const { path, token } = (given ?? {}) as Partial<Attach>;
  return typeof path === 'string' && path !== '' && typeof token === 'string' && token.length >= LEAST_TOKEN_LENGTH;
}

/**
 * A process that was started elsewhere and attached, seen from the host. It is not the host's to kill: to end it is to hang up, and then it
 * may attach again, which makes it a new body.
 */
export class AttachedBody implements Body {
  readonly pid = undefined;
  onWord: (word: unknown) => void = () => {};
  onUnsaid: (word: ToIsolate, error: Error) => void = () => {};
  readonly ended: Promise<Ending>;
  private talk: HostTalk | undefined;
  private readonly early: ToIsolate[] = [];
  private hangUp: () => void = () => {};

  constructor(meeting: Meeting, dialect: Dialect) {
    const noMore = new Promise<void>((resolve) => (this.hangUp = resolve));
    const attached = meeting.line.then((line) => {
      this.talk = new HostTalk(line, dialect, {
        onWord: (word) => this.onWord(word),
        onUnsaid: (word, error) => this.onUnsaid(word, error),
      });
      for (const word of this.early.splice(0)) this.talk.say(word);
      return new Promise<void>((resolve) => line.onClose(() => resolve()));
    });
    this.ended = Promise.race([attached, noMore]).then(async () => {
      this.talk?.destroy();
      await meeting.close();
      return { reason: 'disconnected', detail: 'its line was closed' };
    });
  }

  say(word: ToIsolate): void {
    if (this.talk === undefined) this.early.push(word);
    else this.talk.say(word);
  }

  keep(word: ToIsolate): void {
    if (this.talk === undefined) this.early.push(word);
    else this.talk.keep(word);
  }

  flush(): void {
    this.talk?.flush();
  }

  get bufferedBytes(): number {
    return this.talk?.bufferedBytes ?? 0;
  }

  hold(isHolding: boolean): void {
    this.talk?.hold(isHolding);
  }

  kill(): void {
    this.hangUp();
  }
}

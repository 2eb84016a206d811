import type { Body, Ending } from '../isolate/body.js';
import type { ToIsolate } from '../isolate/protocol.js';
import type { Line } from '../socket/line.js';
import type { Dialect } from './dialect.js';
import { HostTalk } from './host.talk.js';

/** How long a line may take to close once its process is gone, a process to exit once its line is, and a middleware over what is left. */
const LAST_WORDS_MS = 1_000;

/**
 * A body whose words go over a line that is there some time after the body is.
 *
 * Promises: what is said before the line is there is said first when it is, in order.
 */
export abstract class LineBody implements Body {
  onWord: (word: unknown) => void = () => {};
  onUnsaid: (word: ToIsolate, error: Error) => void = () => {};
  onUnheard: (error: Error) => void = () => {};
  abstract readonly pid: number | undefined;
  abstract readonly ended: Promise<Ending>;
  protected talk: HostTalk | undefined;
  private readonly early: ToIsolate[] = [];

  constructor(private readonly dialect: Dialect) {}

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

  abstract kill(how: 'gently' | 'for good'): void;

  /** The line is there. Resolves when it is closed. */
  protected meet(line: Line): Promise<void> {
    const talk = new HostTalk(line, this.dialect, {
      onWord: (word) => this.onWord(word),
      onUnsaid: (word, error) => this.onUnsaid(word, error),
      onUnheard: (error) => this.onUnheard(error),
    });
    this.talk = talk;
    for (const word of this.early.splice(0)) talk.say(word);
    return new Promise((resolve) => line.onClose(() => resolve()));
  }

  /** Resolves when what came over the line was heard, or a middleware has taken too long over it. */
  protected lastWords(): Promise<void> {
    return soon(this.talk?.allHeard);
  }
}

/** Resolves with `work`, at the latest when the time for last words is over. */
export async function soon(work: Promise<unknown> | undefined): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([work, new Promise((resolve) => (timer = setTimeout(resolve, LAST_WORDS_MS)))]);
  clearTimeout(timer);
}

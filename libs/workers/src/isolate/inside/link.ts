import type { Middleware } from '../../socket/middleware.js';
import type { Serializer } from '../../wire/serializer.js';
import type { ToHost } from '../protocol.js';

/** How an isolate's decorator, or its setup file, wants words to be written. Only a way of bytes takes notice. */
export interface Manners {
  readonly serializer?: Serializer | undefined;
  readonly middleware?: Middleware | readonly Middleware[] | undefined;
}

/**
 * The way to the host, from inside an isolate. Threads and processes each have their own.
 *
 * Promises: words arrive whole and in order; what was said before `flush` has left when it returns, however long this thread is busy then.
 */
export interface Link {
  readonly form: 'json' | 'clone';
  /**
   * Agrees with the host on how words are written; called once, when it is known what the isolate is.
   *
   * @throws when the host writes in a way that is not known here
   */
  speak(manners: Manners): void;
  /** Says one word; it leaves with the next `flush`, or at the end of this turn. */
  say(word: ToHost, transfer?: readonly ArrayBuffer[]): void;
  /** Called with a word that could not be said; nothing of it was. */
  onUnsaid: (word: ToHost, error: Error) => void;
  /** Called when the host is gone. Whoever hears it has a second to close what is open. */
  onGone: () => void;
  flush(): void;
  /** Called with each word of the host, unparsed. */
  onWord: (word: unknown) => void;
  /** Ends this thread or process. What was said has left by then. */
  leave(code: number): void;
}

import type { ToIsolate } from './protocol.js';

/** How an isolate of one kind is brought to life. Threads and child processes each implement it, in their own rooms. */
export interface Habitat {
  /** Named in statistics and errors. */
  readonly kind: string;
  /** The form in which values are packed for it. */
  readonly form: 'json' | 'clone';
  /** Whether the file in which its isolates begin names the handler classes itself, with `isolate(...)`. */
  readonly isNamedByHand: boolean;
  /** Brings a body to life; it does not wait until the isolate is ready. */
  spawn(name: string): Body | Promise<Body>;
  /** Names the next run of an isolate. */
  readonly nextTx: () => string | number;
}

/**
 * A live thread or child process, seen from the host: words go in, words come out, and in the end it ends.
 *
 * Promises: `ended` resolves exactly once, whatever happens, and never rejects; after that no word comes out.
 */
export interface Body {
  /** The thread's or the process's own number. */
  readonly pid: number | undefined;
  /** Sends one word; words sent in one turn leave together. */
  say(word: ToIsolate, transfer?: readonly ArrayBuffer[]): void;
  /** Says one word that may wait for company: it leaves with the next word that is said, or with `flush`. */
  keep(word: ToIsolate): void;
  flush(): void;
  /** What was said and the system has not taken yet, where that is known. */
  readonly bufferedBytes: number;
  /** Called with a word that could not be written (too large, say); nothing of it was sent, and the body lives on. */
  onUnsaid: (word: ToIsolate, error: Error) => void;
  /** Called when a word came out that cannot be read, or that a middleware here threw at; what comes behind it is not to be trusted. */
  onUnheard: (error: Error) => void;
  /** Called with each word that comes out, unparsed. */
  onWord: (word: unknown) => void;
  readonly ended: Promise<Ending>;
  /** Whether it keeps the process alive. */
  hold(isHolding: boolean): void;
  /** Asks the operating system to end it, gently or for good. Harmless when it has ended. */
  kill(how: 'gently' | 'for good'): void;
}

/** How a body came to its end. */
export type Ending =
  | { readonly reason: 'exit'; readonly code: number }
  | { readonly reason: 'signal'; readonly signal: string }
  | { readonly reason: 'out-of-memory'; readonly detail: string }
  | { readonly reason: 'error'; readonly error: Error }
  | { readonly reason: 'disconnected'; readonly detail: string };

/** `ending` in words: `exit code 7`, `signal SIGKILL`, `out of memory`. */
export function inWords(ending: Ending): string {
  switch (ending.reason) {
    case 'exit':
      return `exit code ${ending.code}`;
    case 'signal':
      return `signal ${ending.signal}`;
    case 'out-of-memory':
      return `out of memory (${ending.detail})`;
    case 'error':
      return `uncaught error: ${ending.error.message}`;
    default:
      return `disconnected (${ending.detail})`;
  }
}

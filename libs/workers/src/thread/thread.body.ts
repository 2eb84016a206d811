import type { Worker } from 'node:worker_threads';
import type { Body, Ending } from '../isolate/body.js';
import type { ToIsolate } from '../isolate/protocol.js';
import { asError } from '../message/fault.js';
import { LedgerReader } from './ledger.js';

/** How often the ledger is read while something is awaited: a thread that blocks does not call. */
const LOOK_EVERY_MS = 5;

/**
 * A worker thread, seen from the host. Words that are said in one turn leave as one message; what is handed over by transfer leaves at once,
 * so that a buffer which cannot be handed over fails its own word. What the thread says is read from its ledger, to the last word also when
 * the thread has died.
 */
export class ThreadBody implements Body {
  onWord: (word: unknown) => void = () => {};
  onUnsaid: (word: ToIsolate, error: Error) => void = () => {};
  readonly ended: Promise<Ending>;
  /** Nobody tells how much a port holds. */
  readonly bufferedBytes = 0;
  private words: ToIsolate[] = [];
  private isFlushDue = false;
  private failure: Error | undefined;
  private isAlive = true;
  private readonly ledger: LedgerReader;
  private looking: NodeJS.Timeout | undefined;

  constructor(
    private readonly thread: Worker,
    memory: SharedArrayBuffer,
  ) {
    this.ledger = new LedgerReader(memory, (word) => this.onWord(word));
    thread.on('message', (words: readonly unknown[]) => {
      for (const word of words) this.ledger.post(word);
      this.ledger.read();
    });
    thread.on('messageerror', (error) => (this.failure ??= error));
    thread.on('error', (error) => (this.failure ??= asError(error)));
    this.ended = new Promise((resolve) => {
      thread.once('exit', (code) => {
        this.isAlive = false;
        clearInterval(this.looking);
        this.ledger.read();
        resolve(endingOf(code, this.failure));
      });
    });
    this.hold(true);
  }

  get pid(): number | undefined {
    return this.isAlive ? this.thread.threadId : undefined;
  }

  say(word: ToIsolate, transfer: readonly ArrayBuffer[] = []): void {
    if (transfer.length > 0) return this.handOver(word, transfer);
    this.words.push(word);
    if (this.isFlushDue) return;
    this.isFlushDue = true;
    void SOON.then(this.flushSoon);
  }

  keep(word: ToIsolate): void {
    this.words.push(word);
  }

  hold(isHolding: boolean): void {
    clearInterval(this.looking);
    if (!isHolding) {
      this.thread.unref();
      return;
    }
    this.thread.ref();
    this.looking = setInterval(() => this.ledger.read(), LOOK_EVERY_MS);
    this.looking.unref();
  }

  /** A thread takes no signals: it is asked by word, or terminated. */
  kill(how: 'gently' | 'for good'): void {
    if (how === 'for good') void this.thread.terminate();
  }

  private handOver(word: ToIsolate, transfer: readonly ArrayBuffer[]): void {
    this.flush();
    try {
      this.thread.postMessage([word], transfer);
    } catch (error) {
      this.onUnsaid(word, asError(error));
    }
  }

  private readonly flushSoon = (): void => {
    this.isFlushDue = false;
    this.flush();
  };

  flush(): void {
    if (this.words.length === 0) return;
    const { words } = this;
    this.words = [];
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
    this.thread.postMessage(words);
  }
}

const SOON = Promise.resolve();

function endingOf(code: number, failure: Error | undefined): Ending {
  if (failure === undefined) return { reason: 'exit', code };
  return (failure as { code?: string }).code === 'ERR_WORKER_OUT_OF_MEMORY'
    ? { reason: 'out-of-memory', detail: failure.message }
    : { reason: 'error', error: failure };
}

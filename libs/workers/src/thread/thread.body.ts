import { Worker, type WorkerOptions } from 'node:worker_threads';
import type { Body, Ending } from '../isolate/body.js';
import type { ToIsolate } from '../isolate/protocol.js';
import { asError } from '../message/fault.js';

/**
 * A worker thread, seen from the host. Words that are said in one turn leave as one message; what is handed over by transfer leaves at once,
 * so that a buffer which cannot be handed over fails its own word.
 */
export class ThreadBody implements Body {
  onWord: (word: unknown) => void = () => {};
  onUnsaid: (word: ToIsolate, error: Error) => void = () => {};
  readonly ended: Promise<Ending>;
  private words: ToIsolate[] = [];
  private failure: Error | undefined;
  private isAlive = true;

  constructor(private readonly thread: Worker) {
    thread.on('message', (words: readonly unknown[]) => {
      for (const word of words) this.onWord(word);
    });
    thread.on('messageerror', (error) => (this.failure ??= error));
    thread.on('error', (error) => (this.failure ??= error));
    this.ended = new Promise((resolve) => {
      thread.once('exit', (code) => {
        this.isAlive = false;
        resolve(endingOf(code, this.failure));
      });
    });
  }

  get pid(): number | undefined {
    return this.isAlive ? this.thread.threadId : undefined;
  }

  say(word: ToIsolate, transfer: readonly ArrayBuffer[] = []): void {
    if (transfer.length > 0) return this.handOver(word, transfer);
    if (this.words.push(word) === 1) void SOON.then(this.flush);
  }

  hold(isHolding: boolean): void {
    if (isHolding) this.thread.ref();
    else this.thread.unref();
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

  private readonly flush = (): void => {
    if (this.words.length === 0) return;
    const { words } = this;
    this.words = [];
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port is no window
    this.thread.postMessage(words);
  };
}

const SOON = Promise.resolve();

function endingOf(code: number, failure: Error | undefined): Ending {
  if (failure === undefined) return { reason: 'exit', code };
  return (failure as { code?: string }).code === 'ERR_WORKER_OUT_OF_MEMORY'
    ? { reason: 'out-of-memory', detail: failure.message }
    : { reason: 'error', error: failure };
}

export type SpawnThread = (options: WorkerOptions) => Worker;

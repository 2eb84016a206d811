import type { MessagePort } from 'node:worker_threads';
import type { Link } from '../isolate/inside/link.js';
import type { ToHost } from '../isolate/protocol.js';
import { asError } from '../message/fault.js';

/** The way from a worker thread to its host. */
export class ThreadLink implements Link {
  readonly form = 'clone';
  onWord: (word: unknown) => void = () => {};
  onUnsaid: (word: ToHost, error: Error) => void = () => {};
  /** A thread does not outlive its host. */
  onGone: () => void = () => {};
  private words: ToHost[] = [];
  private isFlushDue = false;

  constructor(private readonly port: MessagePort) {
    port.on('message', (words: readonly unknown[]) => {
      for (const word of words) this.onWord(word);
    });
  }

  /** A port clones; nobody writes. */
  speak(): void {}

  say(word: ToHost, transfer: readonly ArrayBuffer[] = []): void {
    if (transfer.length > 0) return this.handOver(word, transfer);
    this.words.push(word);
    if (this.isFlushDue) return;
    this.isFlushDue = true;
    void SOON.then(() => {
      this.isFlushDue = false;
      this.flush();
    });
  }

  flush(): void {
    if (this.words.length === 0) return;
    const { words } = this;
    this.words = [];
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port is no window
    this.port.postMessage(words);
  }

  private handOver(word: ToHost, transfer: readonly ArrayBuffer[]): void {
    this.flush();
    try {
      this.port.postMessage([word], transfer);
    } catch (error) {
      this.onUnsaid(word, asError(error));
    }
  }

  leave(code: number): void {
    // Closing the port lets what was posted arrive; an exit would not.
    this.port.close();
    process.exitCode = code;
    setTimeout(() => process.exit(code), LEAVE_MS).unref();
  }
}

const SOON = Promise.resolve();
/** For handles that the application's stop hooks left open. */
const LEAVE_MS = 50;

import { performance } from 'node:perf_hooks';
import type { MessagePort } from 'node:worker_threads';
import type { Link } from '../isolate/inside/link.js';
import type { ToHost } from '../isolate/protocol.js';
import { asError } from '../message/fault.js';
import { type LedgerWriter, NO_WORD } from './ledger.js';

/** How long words may lie in the ledger, while this thread is busy, before the host is called to read them. */
const CALL_AFTER_MS = 0.1;
/** For handles that the application's stop hooks left open. */
const LEAVE_MS = 50;

/**
 * The way from a worker thread to its host: words are written into the ledger, and go by the port where they do not fit there. The host is
 * called when this thread has a pause, or has been busy for a while; it also looks by itself while it waits for something.
 */
export class ThreadLink implements Link {
  readonly form = 'clone';
  onWord: (word: unknown) => void = () => {};
  onUnsaid: (word: ToHost, error: Error) => void = () => {};
  /** A thread does not outlive its host. */
  onGone: () => void = () => {};
  private words: ToHost[] = [];
  private isPauseDue = false;
  private calledAt = 0;

  constructor(
    private readonly port: MessagePort,
    private readonly ledger: LedgerWriter,
  ) {
    port.on('message', (words: readonly unknown[]) => {
      this.calledAt = performance.now();
      for (const word of words) this.onWord(word);
    });
  }

  /** A port clones; nobody writes. */
  speak(): void {}

  say(word: ToHost, transfer: readonly ArrayBuffer[] = []): void {
    if (transfer.length > 0) return this.handOver(word, transfer);
    if (!this.ledger.write(word)) this.words.push(word);
    if (this.isPauseDue) return;
    this.isPauseDue = true;
    setImmediate(this.pause);
  }

  flush(): void {
    if (this.words.length > 0) return this.post();
    const now = performance.now();
    if (now - this.calledAt < CALL_AFTER_MS) return;
    this.calledAt = now;
    this.call();
  }

  leave(code: number): void {
    this.post();
    this.call();
    // Closing the port lets what was posted arrive; an exit would not.
    this.port.close();
    process.exitCode = code;
    setTimeout(() => process.exit(code), LEAVE_MS).unref();
  }

  private readonly pause = (): void => {
    this.isPauseDue = false;
    if (this.words.length > 0) this.post();
    else this.call();
  };

  private call(): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port is no window
    if (this.ledger.isCallDue()) this.port.postMessage(NOTHING);
  }

  private post(): void {
    const { words } = this;
    if (words.length === 0) return;
    this.words = [];
    try {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port is no window
      this.port.postMessage(words);
    } catch {
      for (const word of words) this.postAlone(word, []);
    }
  }

  /** Leaves at once and alone, so that a buffer which cannot be handed over fails its own word. */
  private handOver(word: ToHost, transfer: readonly ArrayBuffer[]): void {
    this.post();
    this.ledger.announcePort();
    this.postAlone(word, transfer);
  }

  private postAlone(word: ToHost, transfer: readonly ArrayBuffer[]): void {
    try {
      this.port.postMessage([word], transfer);
    } catch (error) {
      this.port.postMessage([NO_WORD], []);
      this.onUnsaid(word, asError(error));
    }
  }
}

const NOTHING: readonly ToHost[] = [];

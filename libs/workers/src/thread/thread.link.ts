import { performance } from 'node:perf_hooks';
import type { MessagePort } from 'node:worker_threads';
import type { Link } from '../isolate/inside/link.js';
import type { ToHost } from '../isolate/protocol.js';
import { LedgerReader, LedgerWriter, type ThreadData } from './ledger.js';
import { Outbound } from './outbound.js';

/** How long words may lie in the ledger, while this thread is busy, before the host is called to read them. */
const CALL_AFTER_MS = 0.1;
/** After how long what found no room is tried again. */
const LATE_AGAIN_MS = 1;
/** For handles that the application's stop hooks left open. */
const LEAVE_MS = 50;

/**
 * The way from a worker thread to its host. The host is called when this thread has a pause, or has been busy for a while; it also looks by
 * itself while it waits for something.
 */
export class ThreadLink implements Link {
  readonly form = 'clone';
  onWord: (word: unknown) => void = () => {};
  onUnsaid: (word: ToHost, error: Error) => void = () => {};
  /** A thread does not outlive its host. */
  onGone: () => void = () => {};
  private isPauseDue = false;
  private calledAt = 0;
  private readonly out: Outbound<ToHost>;

  constructor(
    private readonly port: MessagePort,
    { toHost, toThread }: ThreadData,
  ) {
    this.out = new Outbound(port, new LedgerWriter(toHost), (word, error) => this.onUnsaid(word, error));
    const inbound = new LedgerReader(toThread, (word) => this.onWord(word));
    port.on('message', (words: readonly unknown[]) => {
      this.calledAt = performance.now();
      for (const word of words) inbound.post(word);
      inbound.read();
      this.out.sendLate();
    });
  }

  /** A port clones; nobody writes. */
  speak(): void {}

  say(word: ToHost, transfer?: readonly ArrayBuffer[]): void {
    this.out.say(word, transfer);
    if (this.isPauseDue) return;
    this.isPauseDue = true;
    setImmediate(this.pause);
  }

  flush(): void {
    if (this.out.isPostDue) return this.out.send();
    const now = performance.now();
    if (now - this.calledAt < CALL_AFTER_MS) return;
    this.calledAt = now;
    this.out.send();
  }

  leave(code: number): void {
    this.out.send();
    // Closing the port lets what was posted arrive; an exit would not.
    this.port.close();
    process.exitCode = code;
    setTimeout(() => process.exit(code), LEAVE_MS).unref();
  }

  private readonly pause = (): void => {
    this.isPauseDue = false;
    this.out.send();
    // The host reads without saying so.
    if (this.out.isLate) setTimeout(this.pause, LATE_AGAIN_MS);
  };
}

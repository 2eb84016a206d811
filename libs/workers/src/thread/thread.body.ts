import type { Worker } from 'node:worker_threads';
import type { Body, Ending } from '../isolate/body.js';
import type { ToIsolate } from '../isolate/protocol.js';
import { asError } from '../message/fault.js';
import { LedgerReader, LedgerWriter, type ThreadData } from './ledger.js';
import { Outbound } from './outbound.js';

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
  /** Never: no middleware stands between, and what was cloned can be read. */
  onUnheard: (error: Error) => void = () => {};
  readonly ended: Promise<Ending>;
  /** Nobody tells how much a port holds. */
  readonly bufferedBytes = 0;
  private failure: Error | undefined;
  private isAlive = true;
  private isSendDue = false;
  private looking: NodeJS.Timeout | undefined;
  private readonly out: Outbound<ToIsolate>;
  private readonly inbound: LedgerReader;

  constructor(
    private readonly thread: Worker,
    { toHost, toThread }: ThreadData,
  ) {
    this.out = new Outbound(thread, new LedgerWriter(toThread), (word, error) => this.onUnsaid(word, error));
    this.inbound = new LedgerReader(toHost, (word) => this.onWord(word));
    thread.on('message', (words: readonly unknown[]) => {
      for (const word of words) this.inbound.post(word);
      this.inbound.read();
      this.out.sendLate();
    });
    thread.on('messageerror', (error) => (this.failure ??= error));
    thread.on('error', (error) => (this.failure ??= asError(error)));
    this.ended = new Promise((resolve) => {
      thread.once('exit', (code) => {
        this.isAlive = false;
        clearInterval(this.looking);
        this.inbound.read();
        resolve(endingOf(code, this.failure));
      });
    });
    this.hold(true);
  }

  get pid(): number | undefined {
    return this.isAlive ? this.thread.threadId : undefined;
  }

  say(word: ToIsolate, transfer?: readonly ArrayBuffer[]): void {
    this.out.say(word, transfer);
    if (this.isSendDue) return;
    this.isSendDue = true;
    void SOON.then(() => {
      this.isSendDue = false;
      this.flush();
    });
  }

  keep(word: ToIsolate): void {
    this.out.say(word);
  }

  flush(): void {
    if (this.isAlive) this.out.send();
  }

  hold(isHolding: boolean): void {
    clearInterval(this.looking);
    if (!isHolding || !this.isAlive) {
      this.thread.unref();
      return;
    }
    this.thread.ref();
    this.looking = setInterval(() => this.inbound.read(), LOOK_EVERY_MS);
    this.looking.unref();
  }

  /** A thread takes no signals: it is asked by word, or terminated. */
  kill(how: 'gently' | 'for good'): void {
    if (how === 'for good') void this.thread.terminate();
  }
}

const SOON = Promise.resolve();

function endingOf(code: number, failure: Error | undefined): Ending {
  if (failure === undefined) return { reason: 'exit', code };
  return (failure as { code?: string }).code === 'ERR_WORKER_OUT_OF_MEMORY'
    ? { reason: 'out-of-memory', detail: failure.message }
    : { reason: 'error', error: failure };
}

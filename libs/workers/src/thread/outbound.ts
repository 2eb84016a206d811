import type { MessagePort, Worker } from 'node:worker_threads';
import { asError } from '../message/fault.js';
import { type LedgerWriter, NO_WORD, type Word } from './ledger.js';

/**
 * One direction between a thread and its host: words are written into the ledger of that direction, and go by the port where they do not
 * fit there. What is handed over by transfer leaves at once and alone, so that a buffer which cannot be handed over fails its own word.
 */
export class Outbound<W extends Word> {
  private words: W[] = [];
  /** What the ledger had no room for; it is said when the reader has caught up. */
  private readonly late: { readonly word: W; readonly transfer: readonly ArrayBuffer[] }[] = [];

  constructor(
    private readonly port: Pick<MessagePort | Worker, 'postMessage'>,
    private readonly ledger: LedgerWriter,
    private readonly onUnsaid: (word: W, error: Error) => void,
  ) {}

  /** Whether words wait for the port. */
  get isPostDue(): boolean {
    return this.words.length > 0;
  }

  /** Whether words wait for room in the ledger. */
  get isLate(): boolean {
    return this.late.length > 0;
  }

  /** Keeps `word` ready; `send` has it heard. */
  say(word: W, transfer: readonly ArrayBuffer[] = NO_BUFFERS): void {
    if (this.isLate || !this.take(word, transfer)) this.late.push({ word, transfer });
  }

  /** Posts what goes by the port; where nothing does, calls the other side to read, if it is not on its way. */
  send(): void {
    for (let next = this.late[0]; next !== undefined && this.take(next.word, next.transfer); next = this.late[0])
      this.late.shift();
    if (this.words.length > 0) this.post();
    else if (this.ledger.isCallDue()) this.port.postMessage(NOTHING, NO_BUFFERS);
  }

  /** The other side has read something: there may be room for what is late. */
  sendLate(): void {
    if (this.isLate) this.send();
  }

  private take(word: W, transfer: readonly ArrayBuffer[]): boolean {
    if (transfer.length > 0) return this.handOver(word, transfer);
    const taken = this.ledger.write(word);
    if (taken === 'by port') this.words.push(word);
    return taken !== 'full';
  }

  private post(): void {
    const { words } = this;
    this.words = [];
    try {
      this.port.postMessage(words, NO_BUFFERS);
    } catch {
      for (const word of words) this.postAlone(word, NO_BUFFERS);
    }
  }

  private handOver(word: W, transfer: readonly ArrayBuffer[]): boolean {
    if (!this.ledger.keepPlace()) return false;
    if (this.isPostDue) this.post();
    this.postAlone(word, transfer);
    return true;
  }

  private postAlone(word: W, transfer: readonly ArrayBuffer[]): void {
    try {
      // Node hands over a buffer that is gone as an empty one; to clone it fails, as it should.
      const whole = transfer.filter(({ byteLength }) => byteLength > 0);
      this.port.postMessage([word], whole);
    } catch (error) {
      this.port.postMessage([NO_WORD], NO_BUFFERS);
      this.onUnsaid(word, asError(error));
    }
  }
}

const NOTHING: readonly Word[] = [];
const NO_BUFFERS: readonly ArrayBuffer[] = [];

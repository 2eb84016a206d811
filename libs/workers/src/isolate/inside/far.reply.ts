import type { ReplyAddress } from '../../message/reply.address.js';
import type { Packing } from '../packing.js';
import type { Tx } from '../protocol.js';
import type { Link } from './link.js';

/** The caller of a request, seen from inside an isolate. The host knows whether it still waits, and reports what comes late. */
export class FarReply implements ReplyAddress {
  state: ReplyAddress['state'] = 'waiting';
  onLeave: ((reason: Error) => void) | undefined = undefined;

  constructor(
    private readonly tx: Tx,
    private readonly link: Link,
    private readonly packing: Packing,
  ) {}

  answer(value: unknown): boolean {
    this.link.say(['reply', this.tx, this.packing.said(value)]);
    return true;
  }

  /** Nothing inside refuses: a handler fails, and the host tells the caller. */
  refuse(): boolean {
    return false;
  }

  progress(value: unknown): void {
    this.link.say(['progress', this.tx, this.packing.said(value)]);
  }
}

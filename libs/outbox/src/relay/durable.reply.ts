import type { ReplyAddress } from '@nestjs-workers/core/extension';
import { ClaimLostError, type MessageBuriedError } from '../channel/channel.errors.js';

/**
 * The caller of a request, as the handler of a durable message sees it.
 *
 * It is answered when the outcome is recorded, and refused with the same error as from the record. A failure that will be tried again is
 * none of its business, nor is a claim that another host has now; and that it stops waiting does not stop the work, which is durable.
 */
export class DurableReply implements ReplyAddress {
  readonly state = 'waiting';
  onLeave: ((reason: Error) => void) | undefined;
  /** Whether a failure would be the last one. */
  isFinal = true;
  /** What says that the message is a dead letter, once that is recorded. */
  burial: MessageBuriedError | undefined;
  /** What the handler answered before it returned: what is recorded for others is the same. */
  early: { readonly value: unknown } | undefined;

  /** @param here the caller's own address; undefined when it waits on another host */
  constructor(private readonly here: ReplyAddress | undefined) {}

  /** Whether the caller waits in this process. */
  get isHere(): boolean {
    return this.here !== undefined;
  }

  answer(value: unknown): boolean {
    const isFirst = this.early === undefined;
    this.early ??= { value };
    return this.here === undefined ? isFirst : this.here.answer(value);
  }

  refuse(error: Error): boolean {
    const runsAgain = !this.isFinal || (error instanceof ClaimLostError && !error.mayBeRecorded);
    return !runsAgain && this.here !== undefined && this.here.refuse(this.burial ?? error);
  }

  progress(value: unknown): void {
    this.here?.progress(value);
  }
}

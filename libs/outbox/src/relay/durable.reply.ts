import type { ReplyAddress } from '@nestjs-workers/core/extension';
import { ClaimLostError, type MessageBuriedError } from '../channel/channel.errors.js';

/**
 * Whoever waits for the outcome of a durable message, as its handler sees them: nobody perhaps, or somebody who asks for it later.
 *
 * It is answered when the outcome is recorded, and refused with the same error as from the record. A failure that will be tried again is
 * none of its business, nor is a claim that another host has now; and that it stops waiting does not stop the work, which is durable.
 */
export class DurableReply implements ReplyAddress {
  onLeave: ((reason: Error) => void) | undefined;
  /** Whether a failure would be the last one. */
  isFinal = true;
  /** What says that the message is a dead letter, once that is recorded. */
  burial: MessageBuriedError | undefined;
  /** What the handler answered before it returned: what is recorded for others is the same. */
  early: { readonly value: unknown } | undefined;

  /**
   * @param wantsResult whether it was put as a request
   * @param isAskedFor whether somebody in this process waits for the outcome of what another one put
   * @param here the sender's own address; undefined when it waits on another host
   */
  constructor(
    private readonly wantsResult: boolean,
    private readonly isAskedFor: () => boolean,
    private readonly here: ReplyAddress | undefined,
  ) {}

  get state(): ReplyAddress['state'] {
    return this.here?.state ?? (this.isAwaited ? 'waiting' : 'left');
  }

  /** Whether somebody waits who is answered from the record: on another host, in an earlier life of this one, or with a duplicate. */
  get isAwaitedElsewhere(): boolean {
    return (this.wantsResult && this.here === undefined) || this.isAskedFor();
  }

  private get isAwaited(): boolean {
    return this.wantsResult || this.isAskedFor();
  }

  /** Where nobody waits there is nothing to be late for. */
  answer(value: unknown): boolean {
    const isFirst = this.early === undefined;
    this.early ??= { value };
    return this.here === undefined ? isFirst || !this.isAwaited : this.here.answer(value);
  }

  refuse(error: Error): boolean {
    const runsAgain = !this.isFinal || (error instanceof ClaimLostError && !error.mayBeRecorded);
    return !runsAgain && this.here !== undefined && this.here.refuse(this.burial ?? error);
  }

  progress(value: unknown): void {
    this.here?.progress(value);
  }
}

import type { Channel, Headers, Outcome } from '@nestjs-workers/core';
import { asError, type Delivery, type Fault, type Follower, type StoredMessage } from '@nestjs-workers/core/extension';
import { ClaimLostError, MessageBuriedError } from '../channel/channel.errors.js';
import { DurableChannel } from '../channel/durable.channel.js';
import { verdictOn } from '../channel/retry.js';
import type { DeadLetterReason } from '../store/dead.letter.reason.js';
import type { Claimed, Failure, NewMessage, Settlement } from '../store/store.js';
import type { DurableReply } from './durable.reply.js';

/** What a delivery needs of the relay that claimed it. */
export interface Claimer {
  readonly hostName: string;
  readonly maxCrashes: number;
  /** Who follows the messages of the application. */
  readonly follower: Follower | undefined;
  /** From 0 to 1. */
  chance(): number;
  /** Whether somebody in this process waits for the outcome of a message that another one put. */
  isAskedFor(id: number): boolean;
  /** Told what went wrong without being anybody's outcome. */
  fault(error: unknown): void;
  /** Records the settlement; resolves when it is committed. @throws (rejects) ClaimLostError */
  settle(delivery: DurableDelivery, settlement: Settlement): Promise<void>;
  /** Told what became of a message that failed, once that is committed. */
  failed(delivery: DurableDelivery, settlement: Settlement, fault: Fault, waitMs: number): void;
}

/** For how long an answer lies in the store for a caller on another host who may still ask. */
const ANSWER_KEPT_MS = 60_000;

/** Whether this is what is tried when an outcome cannot be written as it is; there is nothing to try after it. */
export const isLastResort = (settlement: Settlement): boolean =>
  settlement.type === 'bury' && settlement.reason === 'unwritable';

const cannotBeWritten = (error: unknown): Fault => ({
  kind: 'serialization_error',
  retryable: false,
  error: asError(error),
});

/**
 * One claimed message on its way through a worker.
 *
 * Promises: `settle` resolves when the outcome is committed, together with what the handler returned for a durable `out`; it rejects with
 * `ClaimLostError` when the claim was lost, and then nothing was written unless that says `mayBeRecorded`. What the store will not take as it
 * is becomes a dead letter, and `settle` rejects with what was refused; what cannot even be that goes back and is tried again.
 */
export class DurableDelivery implements Delivery {
  willRetry = false;

  constructor(
    readonly claimed: Claimed,
    readonly channel: DurableChannel,
    readonly message: StoredMessage,
    readonly reply: DurableReply | undefined,
    private readonly routed: Channel | undefined,
    private readonly claimer: Claimer,
  ) {}

  settle(outcome: Outcome): Promise<void> {
    if (outcome.type === 'done') return this.settleDone(outcome.value);
    if (outcome.type === 'aborted') return this.claimer.settle(this, this.settlement({ type: 'release' }));
    return this.settleFault(outcome.fault, outcome.type === 'lost');
  }

  /** Nobody wants it any more: it waited for too long. */
  expire(): Promise<void> {
    return this.record(this.settlement({ type: 'expire' }));
  }

  giveBack(): void {
    // A claim that was lost is with somebody else already.
    this.claimer.settle(this, this.settlement({ type: 'release' })).catch(() => {});
  }

  private async settleDone(value: unknown): Promise<void> {
    const { channel, reply } = this;
    const keepMs = Math.max(channel.durable.keep, this.isAwaitedElsewhere ? ANSWER_KEPT_MS : 0);
    let result: string | null = null;
    let routed: NewMessage[] = [];
    try {
      const answer = reply?.early === undefined ? value : reply.early.value;
      if (keepMs > 0) result = channel.envelope.writeResult(answer);
      routed = this.routedFrom(value);
    } catch (error) {
      await this.settleFault(cannotBeWritten(error), false);
      throw error;
    }
    await this.record(this.settlement({ type: 'done', result, keepMs, routed }));
  }

  private async settleFault(fault: Fault, isCrash: boolean): Promise<void> {
    const { claimed, claimer, reply } = this;
    const verdict = this.verdict(fault, isCrash);
    const failure = { ...this.failure(fault.kind), message: fault.error.message };
    if (verdict.type === 'bury') return this.bury(verdict.reason, fault, failure, isCrash);
    if (reply !== undefined) reply.isFinal = false;
    const settlement = this.settlement({ ...verdict, failure, isCrash });
    await this.record(settlement);
    this.willRetry = true;
    claimer.failed(this, settlement, fault, claimed.waitedMs);
  }

  private async bury(reason: DeadLetterReason, fault: Fault, failure: Failure, isCrash: boolean): Promise<void> {
    const { claimed, claimer, channel, message, reply } = this;
    const kept = this.isAwaitedElsewhere
      ? { result: channel.envelope.writeBurial({ reason, cause: fault.error }), keepMs: ANSWER_KEPT_MS }
      : { result: null, keepMs: 0 };
    const settlement: Settlement = this.settlement({ type: 'bury', reason, failure, isCrash, ...kept });
    // It may have been a retry that the store refused.
    if (reply !== undefined) reply.isFinal = true;
    await this.record(settlement);
    if (reply !== undefined)
      reply.burial = new MessageBuriedError(channel.name, message.id, reason, { cause: fault.error });
    claimer.failed(this, settlement, fault, claimed.waitedMs);
  }

  /** Where the store refuses the outcome as it is, the message becomes a dead letter that says so; rejects with what was refused. */
  private async record(settlement: Settlement): Promise<void> {
    try {
      await this.claimer.settle(this, settlement);
    } catch (error) {
      if (error instanceof ClaimLostError) throw error;
      if (isLastResort(settlement)) {
        // It goes back and is tried again.
        if (this.reply !== undefined) this.reply.isFinal = false;
        throw error;
      }
      const fault = cannotBeWritten(error);
      await this.bury('unwritable', fault, { ...this.failure(fault.kind), message: 'could not be written' }, false);
      throw error;
    }
  }

  private failure(kind: string): Omit<Failure, 'message'> {
    return { attempt: this.claimed.attempt, kind, host: this.claimer.hostName };
  }

  private verdict(fault: Fault, isCrash: boolean): ReturnType<typeof verdictOn> {
    const { claimed, claimer, channel } = this;
    if (isCrash && channel.durable.lost === 'bury') return { type: 'bury', reason: 'lost' };
    if (isCrash && claimed.crashes + 1 >= claimer.maxCrashes) return { type: 'bury', reason: 'crashed' };
    const { retry } = channel.durable;
    try {
      return verdictOn(retry, fault, claimed.attempt, claimer.chance());
    } catch (error) {
      // A function of the user's threw. Its message must come to some end, and the table is what is left.
      claimer.fault(error);
      const plain = { ...retry, retryIf: undefined, waitAfter: undefined };
      return verdictOn(plain, fault, claimed.attempt, claimer.chance());
    }
  }

  private routedFrom(value: unknown): NewMessage[] {
    const { routed, message, claimer } = this;
    if (!(routed instanceof DurableChannel) || value === undefined || value === null) return [];
    const write = (headers: Headers): NewMessage =>
      routed.envelope.write({ payload: value, headers, key: routed.keyFor({ payload: value, headers } as never) });
    const { headers } = message;
    const trail = { worker: undefined, channel: routed.name };
    return [claimer.follower === undefined ? write(headers) : claimer.follower.put(trail, headers, write, message)];
  }

  /** Whether somebody waits who is answered from the record: on another host, in an earlier life of this one, or with a duplicate. */
  private get isAwaitedElsewhere(): boolean {
    const { claimed, claimer, reply } = this;
    return (claimed.wantsResult && reply?.isHere !== true) || claimer.isAskedFor(claimed.id);
  }

  private settlement<S extends object>(rest: S): S & { readonly id: number; readonly claim: number } {
    return { id: this.claimed.id, claim: this.claimed.claim, ...rest };
  }
}

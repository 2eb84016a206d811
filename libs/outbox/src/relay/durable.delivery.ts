import type { Channel, Headers, Outcome } from '@nestjs-workers/core';
import { asError, type Delivery, type Fault, type Follower, type StoredMessage } from '@nestjs-workers/core/extension';
import { MessageBuriedError } from '../channel/channel.errors.js';
import { DurableChannel } from '../channel/durable.channel.js';
import { verdictOn } from '../channel/retry.js';
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

/** Why a message is dead whose outcome the store would not take. */
export const UNWRITABLE = 'unwritable';

/** For how long an answer lies in the store for a caller on another host who may still ask. */
const ANSWER_KEPT_MS = 60_000;

/**
 * One claimed message on its way through a worker.
 *
 * Promises: `settle` resolves when the outcome is committed, together with what the handler returned for a durable `out`; it rejects with
 * `ClaimLostError` when the claim was lost, and then nothing was written.
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

  giveBack(): void {
    // A claim that was lost is with somebody else already.
    this.claimer.settle(this, this.settlement({ type: 'release' })).catch(() => {});
  }

  /** Its outcome cannot be written as it is, because of `error`. */
  unwritable(error: Error): Settlement {
    const failure = { ...this.failure('serialization_error'), message: 'could not be written' };
    return this.settlement({ type: 'bury', reason: UNWRITABLE, failure, isCrash: false, ...this.answerFor(error) });
  }

  private async settleDone(value: unknown): Promise<void> {
    const { claimed, channel, reply } = this;
    const keepMs = Math.max(channel.durable.keep, this.isAwaitedElsewhere ? ANSWER_KEPT_MS : 0);
    let result: string | null = null;
    let routed: NewMessage[] = [];
    try {
      const answer = reply?.early === undefined ? value : reply.early.value;
      if (keepMs > 0) result = channel.envelope.writeResult(answer);
      routed = this.routedFrom(value);
    } catch (error) {
      const unwritable: Fault = { kind: 'serialization_error', retryable: false, error: asError(error) };
      await this.settleFault(unwritable, false);
      throw error;
    }
    await this.claimer.settle(this, { id: claimed.id, claim: claimed.claim, type: 'done', result, keepMs, routed });
  }

  private async settleFault(fault: Fault, isCrash: boolean): Promise<void> {
    const { claimed, claimer } = this;
    const failure = { ...this.failure(fault.kind), message: fault.error.message };
    const verdict = this.verdict(fault, isCrash);
    const isFinal = verdict.type === 'bury';
    if (this.reply !== undefined) this.reply.isFinal = isFinal;
    const settlement = this.settlement(
      isFinal ? { ...verdict, failure, isCrash, ...this.answerFor(fault.error) } : { ...verdict, failure, isCrash },
    );
    await claimer.settle(this, settlement);
    this.willRetry = !isFinal;
    if (this.reply !== undefined && settlement.type === 'bury')
      this.reply.burial = this.burial(settlement.reason, fault);
    claimer.failed(this, settlement, fault, claimed.waitedMs);
  }

  private burial(reason: string, { error }: Fault): MessageBuriedError {
    return new MessageBuriedError(this.channel.name, this.message.id, reason, { cause: error });
  }

  private failure(kind: string): Omit<Failure, 'message'> {
    return { attempt: this.claimed.attempt, kind, host: this.claimer.hostName };
  }

  /** What is recorded of its last failure. */
  private answerFor(error: Error): { readonly result: string | null; readonly keepMs: number } {
    if (!this.isAwaitedElsewhere) return { result: null, keepMs: 0 };
    return { result: this.channel.envelope.writeError(error), keepMs: ANSWER_KEPT_MS };
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

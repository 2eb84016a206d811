import type { Channel } from '../channel/channel.js';
import type { PutResult } from '../channel/waiting.room.js';
import type { Clock } from '../lifecycle/clock.js';
import type { Delivery } from '../message/delivery.js';
import type { Fault } from '../message/fault.js';
import { type Headers, Message } from '../message/message.js';
import type { Done, Outcome } from '../message/outcome.js';
import type { Announcer, Topic } from '../observe/announcer.js';
import type { DropReason } from '../observe/events.js';
import { WorkersError } from '../workers.error.js';
import type { WorkerFailure } from './failure.js';
import { HandlerFailedError } from './worker.errors.js';

/** Where a worker's outcomes go. */
export interface Destinations {
  readonly worker: string;
  readonly in: string | undefined;
  readonly out: Channel | undefined;
  readonly outputDrop: DropReason;
  readonly failures: Channel<WorkerFailure> | undefined;
}

/**
 * The second stage of a message's life: settle, answer the caller, feed the output, then the failures, then tell the observers.
 *
 * Promises: in that order, and nothing of it before the delivery is settled; outputs and failures are offered, never awaited.
 * If a settle is rejected, nobody is told an outcome: the fault is announced and a waiting caller is refused with it.
 */
export class Completion {
  private readonly completedTopic: Topic<'workers.completed'>;

  constructor(
    private readonly to: Destinations,
    private readonly clock: Clock,
    private readonly announcer: Announcer,
  ) {
    this.completedTopic = announcer.topic('workers.completed');
  }

  /** Whether completing runs other people's code (an output's taker, an observer). */
  get tellsOthers(): boolean {
    return this.to.out !== undefined || this.completedTopic.isHeard;
  }

  /** Completes at once, or, when settling takes time, returns a promise that never rejects. */
  complete(delivery: Delivery, outcome: Outcome, waitMs: number, runMs: number): Promise<void> | undefined {
    try {
      const settling = delivery.settle(outcome);
      if (settling !== undefined) return this.tellLater(settling, delivery, outcome, waitMs, runMs);
    } catch (error) {
      this.unsettled(delivery, error);
      return undefined;
    }
    this.tell(delivery, outcome, waitMs, runMs);
    return undefined;
  }

  /** What is settled in no time makes no closure, as in `Entrance`. */
  private tellLater(
    settling: Promise<void>,
    delivery: Delivery,
    outcome: Outcome,
    waitMs: number,
    runMs: number,
  ): Promise<void> {
    const { worker, in: channel } = this.to;
    this.announcer.follower?.settle({ worker, channel }, delivery.message, settling);
    return settling.then(
      () => this.tell(delivery, outcome, waitMs, runMs),
      (error: unknown) => this.unsettled(delivery, error),
    );
  }

  private tell(delivery: Delivery, outcome: Outcome, waitMs: number, runMs: number): void {
    if (outcome.type !== 'done') return this.tellFault(delivery, outcome, waitMs, runMs);
    const { message } = delivery;
    message.reply?.answer(outcome.value);
    if (this.to.out !== undefined) this.feedOutput(this.to.out, message, outcome.value);
    if (this.completedTopic.isHeard) this.tellObservers(message, waitMs, runMs);
  }

  private tellObservers(message: Message, waitMs: number, runMs: number): void {
    this.completedTopic.announce({ ...this.about(message), waitMs, runMs });
  }

  private tellFault(delivery: Delivery, { type, fault }: Exclude<Outcome, Done>, waitMs: number, runMs: number): void {
    const { message } = delivery;
    const about = { ...this.about(message), waitMs, runMs };
    const hasCaller = message.reply?.state === 'waiting';
    message.reply?.refuse(this.refusal(message, fault));
    if (type !== 'aborted') this.to.failures?.offer(this.failure(delivery, fault, waitMs, runMs), 'failures-full');
    const { kind, retryable, error } = fault;
    const event = { ...about, kind, retryable, error, hasCaller };
    this.announcer.announce(type === 'aborted' ? 'workers.aborted' : 'workers.error', event);
    if (kind === 'handler_timeout') this.announcer.announce('workers.timeout', event);
  }

  private feedOutput(out: Channel, from: Message, value: unknown): void {
    if (value === undefined || value === null) return;
    const send = (headers: Headers): PutResult =>
      out.offer(new Message(value, this.clock.now(), headers), this.to.outputDrop);
    const { follower } = this.announcer;
    if (follower === undefined) send(from.headers);
    else follower.put({ worker: this.to.worker, channel: out.name }, from.headers, send, from);
  }

  private failure(
    { message, willRetry = false }: Delivery,
    { kind, retryable, error }: Fault,
    waitMs: number,
    runMs: number,
  ): Message<WorkerFailure> {
    const failure: WorkerFailure = {
      worker: this.to.worker,
      channel: this.to.in,
      messageId: message.id,
      kind,
      retryable,
      willRetry,
      message: error.message,
      error,
      attempt: message.attempt,
      payload: message.payload,
      headers: message.headers,
      waitMs,
      runMs,
      failedAt: this.clock.wall(),
    };
    return new Message(failure, this.clock.now(), message.headers);
  }

  private about(message: Message) {
    return {
      worker: this.to.worker,
      channel: this.to.in,
      messageId: message.id,
      attempt: message.attempt,
      ...this.announcer.shown(message),
    };
  }

  /** What the caller of a request gets: the library's own errors as they are, what a handler threw as the cause. */
  private refusal(message: Message, fault: Fault): Error {
    // What a handler threw is its own, also when it is an error of ours from a request that it made itself.
    return fault.kind !== 'handler_error' && fault.error instanceof WorkersError
      ? fault.error
      : new HandlerFailedError(this.to.worker, message.id, fault);
  }

  private unsettled({ message }: Delivery, error: unknown): void {
    this.announcer.fault(`settle of worker "${this.to.worker}"`, error);
    message.reply?.refuse(error instanceof Error ? error : new Error(String(error), { cause: error }));
  }
}

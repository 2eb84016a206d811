import type { Channel } from '../channel/channel.js';
import type { Clock } from '../lifecycle/clock.js';
import type { Delivery } from '../message/delivery.js';
import type { Fault } from '../message/fault.js';
import { Message } from '../message/message.js';
import type { Outcome } from '../message/outcome.js';
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

/** One outcome with the times that belong to it. */
export interface Completed {
  readonly delivery: Delivery;
  readonly outcome: Outcome;
  readonly waitMs: number;
  readonly runMs: number;
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
  complete(completed: Completed): Promise<void> | undefined {
    const { delivery, outcome } = completed;
    try {
      const settling = delivery.settle(outcome);
      if (settling !== undefined) {
        return settling.then(
          () => this.tell(completed),
          (error: unknown) => this.unsettled(delivery, error),
        );
      }
    } catch (error) {
      this.unsettled(delivery, error);
      return undefined;
    }
    this.tell(completed);
    return undefined;
  }

  private tell(completed: Completed): void {
    const { outcome, delivery } = completed;
    if (outcome.type === 'done') {
      delivery.message.reply?.answer(outcome.value);
      this.feedOutput(delivery.message, outcome.value);
      if (this.completedTopic.isHeard) this.announceDone(completed);
      return;
    }
    delivery.message.reply?.refuse(this.refusal(delivery.message, outcome.fault));
    if (outcome.type !== 'aborted') this.feedFailures(completed, outcome.fault);
    this.announceFault(completed, outcome.type, outcome.fault);
  }

  private feedOutput(message: Message, value: unknown): void {
    if (this.to.out === undefined || value === undefined || value === null) return;
    this.to.out.offer(new Message(value, this.clock.now(), message.headers), this.to.outputDrop);
  }

  private feedFailures({ delivery: { message }, waitMs, runMs }: Completed, fault: Fault): void {
    if (this.to.failures === undefined) return;
    const failure: WorkerFailure = {
      worker: this.to.worker,
      channel: this.to.in,
      messageId: message.id,
      kind: fault.kind,
      retryable: fault.retryable,
      message: fault.error.message,
      error: fault.error,
      attempt: message.attempt,
      payload: message.payload,
      headers: message.headers,
      waitMs,
      runMs,
      failedAt: this.clock.wall(),
    };
    this.to.failures.offer(new Message(failure, this.clock.now(), message.headers), 'failures-full');
  }

  private announceDone({ delivery, waitMs, runMs }: Completed): void {
    this.completedTopic.announce({ ...this.about(delivery.message), waitMs, runMs });
  }

  private announceFault(
    { delivery, waitMs, runMs }: Completed,
    type: 'failed' | 'aborted' | 'lost',
    fault: Fault,
  ): void {
    const name = type === 'aborted' ? 'workers.aborted' : 'workers.error';
    const { kind, retryable, error } = fault;
    const hasCaller = delivery.message.reply !== undefined;
    const event = { ...this.about(delivery.message), waitMs, runMs, kind, retryable, error, hasCaller };
    this.announcer.announce(name, event);
    if (kind === 'handler_timeout') this.announcer.announce('workers.timeout', event);
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
    return fault.error instanceof WorkersError
      ? fault.error
      : new HandlerFailedError(this.to.worker, message.id, fault);
  }

  private unsettled({ message }: Delivery, error: unknown): void {
    this.announcer.fault(`settle of worker "${this.to.worker}"`, error);
    message.reply?.refuse(error instanceof Error ? error : new Error(String(error), { cause: error }));
  }
}

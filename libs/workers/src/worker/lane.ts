import type { Run } from '../dispatch/dispatcher.js';
import type { Delivery } from '../message/delivery.js';
import { type Fault, fault, thrownFault } from '../message/fault.js';
import type { Message } from '../message/message.js';
import type { Outcome } from '../message/outcome.js';
import type { HandlerContext } from './worker.context.js';
import { HandlerTimeoutError } from './worker.errors.js';

/** What a lane needs of its runner. */
export interface LaneOwner {
  readonly name: string;
  readonly timeoutMs: number | undefined;
  entered(lane: Lane): void;
  enteredElsewhere(lane: Lane): void;
  /** A lane's handler came back after some time, and its message ends now. */
  returned(): void;
  /** The lane's message has come to `outcome`; the lane is free again, or retired when its handler may still be running. */
  ended(lane: Lane, outcome: Outcome): void;
  late(messageId: string): void;
}

/**
 * A permit, and the message it is spent on.
 *
 * States: `free`; `busy` with a delivery and its context; `retired`, when its outcome was recorded while its handler still ran (timeout, abort): such a lane is never lent again, and what its handler does later is
 * reported as late.
 *
 * Lanes are reused, and the callbacks a promise needs are bound once per lane: a message costs no closure.
 */
export class Lane implements Run {
  state: 'free' | 'busy' | 'retired' = 'free';
  beganAt = 0.5;
  /** The same on the application's clock. */
  clockedAt = 0.5;
  leftAt = 0.5;
  /** When its handler's time is up, on the application's clock. */
  dueAt = 0.5;
  private shown: HandlerContext | undefined = undefined;

  constructor(private readonly owner: LaneOwner) {}

  get delivery(): Delivery {
    return this.context.delivery;
  }

  get message(): Message {
    return this.delivery.message;
  }

  get context(): HandlerContext {
    return this.shown as HandlerContext;
  }

  /** A lane is old and its message young: it keeps one reference to it, since the collector has to be told of each. */
  begin(context: HandlerContext, performanceNow: number, now: number): void {
    this.state = 'busy';
    this.shown = context;
    this.beganAt = performanceNow;
    this.clockedAt = now;
    this.leftAt = performanceNow;
    this.dueAt = Number.POSITIVE_INFINITY;
    const { reply } = context.delivery.message;
    if (reply !== undefined) reply.onLeave = this.callerLeft;
  }

  entered(): boolean {
    this.owner.entered(this);
    return this.state === 'busy';
  }

  enteredElsewhere(): void {
    if (this.state === 'busy') this.owner.enteredElsewhere(this);
  }

  end(outcome: Outcome): void {
    if (this.state === 'busy') this.finish(outcome, 'free');
    else if (this.state === 'retired') this.owner.late(this.context.messageId);
  }

  /** Whether it is spent on `delivery` right now. */
  holds(delivery: Delivery): boolean {
    return this.state === 'busy' && this.delivery === delivery;
  }

  /** Lets go of the message, so that a free lane keeps no payload alive. */
  rest(): void {
    this.shown = undefined;
  }

  readonly fulfilled = (value: unknown): void => this.comeBack({ type: 'done', value });

  /** What is thrown after the signal was aborted is taken for obedience, not for a failure. */
  readonly rejected = (thrown: unknown): void => {
    const reason = this.state === 'busy' ? this.context.abortReason : undefined;
    this.comeBack(
      reason === undefined
        ? { type: 'failed', fault: thrownFault(thrown) }
        : { type: 'aborted', fault: fault('aborted', reason) },
    );
  };

  giveUp(why: Fault): void {
    if (this.state === 'busy') this.leave('failed', why);
  }

  /** The handler's time is up. */
  expire(): void {
    const error = new HandlerTimeoutError(this.owner.name, this.context.messageId, this.owner.timeoutMs ?? 0);
    this.giveUp(fault('handler_timeout', error));
  }

  /** Asks the handler to stop and goes on waiting for it. */
  askToStop(reason: Error): void {
    if (this.state === 'busy') this.context.abort(reason);
  }

  /** Nobody waits for the handler any longer. */
  abort(reason: Error): void {
    if (this.state === 'busy') this.leave('aborted', fault('aborted', reason));
  }

  private readonly callerLeft = (reason: Error): void => this.abort(reason);

  private comeBack(outcome: Outcome): void {
    if (this.state !== 'busy') return this.end(outcome);
    this.owner.returned();
    this.finish(outcome, 'free');
  }

  private leave(type: 'failed' | 'aborted', why: Fault): void {
    this.context.abort(why.error);
    if (this.state === 'busy') this.finish({ type, fault: why }, 'retired');
  }

  private finish(outcome: Outcome, state: 'free' | 'retired'): void {
    const { reply } = this.message;
    if (reply !== undefined) reply.onLeave = undefined;
    this.state = state;
    this.owner.ended(this, outcome);
  }
}

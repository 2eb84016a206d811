import { AsyncLocalStorage } from 'node:async_hooks';
import type { Channel } from '../channel/channel.js';
import { type Sending, sendingIn } from '../channel/sending.js';
import type { PutResult } from '../channel/waiting.room.js';
import type { Clock } from '../lifecycle/clock.js';
import type { DeadlineLine, Deadlines } from '../lifecycle/deadlines.js';
import { type Duration, toMs } from '../lifecycle/duration.js';
import { WorkersStoppingError } from '../lifecycle/stop.errors.js';
import type { Turn } from '../lifecycle/turn.js';
import { asError } from '../message/fault.js';
import { type Headers, Message, type Scope, ScopedMessage } from '../message/message.js';
import type { Follower, Trail } from '../observe/follower.js';
import type { Reporter } from '../observe/guarded.observable.js';
import { ConfigurationError } from '../option.table.js';
import type { Outgoing } from '../worker/interceptor.js';
import { shown } from '../workers.error.js';
import { Anteroom, type Outfit } from './anteroom.js';
import { OverloadedError, RequestAbortedError } from './gateway.errors.js';
import { PendingReply, type Reply } from './reply.js';

/** What a command may say beside its payload; `Sending` only where the worker's channel is a durable one. */
export interface CommandOptions extends Sending {
  /** Rides along; trace headers belong here. */
  readonly headers?: Headers;
  /** Ends the waiting for room of a `block` put. */
  readonly signal?: AbortSignal;
}

/** What a request may say beside its payload. */
export interface RequestOptions extends CommandOptions {
  /** How long the answer is waited for; before the workers run there is none. @default the module's `requestTimeout`, '30s' */
  readonly timeout?: Duration;
}

/** What an entrance is made of. */
export interface EntranceParts {
  readonly worker: string;
  readonly channel: Channel;
  /** Loads what stands between the sender and the channel; undefined when nothing does. */
  readonly outfit: (() => Promise<Outfit>) | undefined;
  readonly propagatesContext: boolean;
  readonly requestTimeoutMs: number;
  /** Whether messages may come in. */
  readonly gate: { readonly isOpen: boolean };
  readonly announcer: { readonly follower: Follower | undefined };
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly turn: Turn;
  /** Told what subscribers of a reply's progress throw. */
  readonly reporter: Reporter;
}

const ACCEPTED: Promise<PutResult> = Promise.resolve('accepted');
const DROPPED: Promise<PutResult> = Promise.resolve('dropped');

/**
 * The way from outside to one exposed worker: shed, check, intercept, put.
 *
 * The plain case (no check, no interceptor, room in the channel) makes at most one message and no promise.
 */
export class Entrance {
  private readonly anteroom: Anteroom;
  /** Whether a message goes straight into the channel when nothing is asked for. */
  private readonly isStraight: boolean;
  private readonly usualDeadline: DeadlineLine;
  /** Keeps the shape, as `Message.kept` does. */
  protected readonly kept: PendingReply<unknown>;

  constructor(private readonly parts: EntranceParts) {
    this.usualDeadline = parts.deadlines.keep(parts.requestTimeoutMs);
    this.anteroom = new Anteroom(parts.outfit, () => parts.channel.books.refused++);
    this.isStraight = this.anteroom.isBare && !parts.propagatesContext && parts.channel.options.shed === undefined;
    this.kept = new PendingReply(parts);
  }

  /** Has what stands before the channel loaded; rejects when that cannot be. */
  ready(): Promise<void> {
    return this.anteroom.ready();
  }

  command(payload: unknown, options: CommandOptions | undefined): Promise<PutResult> {
    try {
      const put =
        this.isStraight && options === undefined
          ? this.putAsItIs(payload, undefined)
          : this.putWith(payload, options, undefined);
      return put === 'accepted' ? ACCEPTED : this.inTheEnd(put, options?.signal);
    } catch (error) {
      return Promise.reject(asError(error));
    }
  }

  request<T>(payload: unknown, options: RequestOptions | undefined): Reply<T> {
    const pending = new PendingReply<T>(this.parts);
    try {
      const put =
        this.isStraight && options === undefined
          ? this.putAsItIs(payload, pending)
          : this.putWith(payload, options, pending);
      if (typeof put === 'object') this.refuseIfRejected(pending, put);
    } catch (error) {
      pending.refuse(asError(error));
    }
    return pending.reply;
  }

  // What follows, down to `putStraight`, is the way of nearly every message. It is short, so that V8 compiles it into one piece, and makes
  // no closure: a function that could make one keeps its variables on the heap, also when it makes none.

  private putAsItIs(payload: unknown, pending: PendingReply<unknown> | undefined): PutResult | Promise<PutResult> {
    return this.parts.announcer.follower === undefined
      ? this.putStraight(payload, undefined, pending)
      : this.putFollowed(payload, pending);
  }

  /** Nothing was asked for, and nothing stands before the channel. */
  private putStraight(
    payload: unknown,
    headers: Headers | undefined,
    pending: PendingReply<unknown> | undefined,
  ): PutResult | Promise<PutResult> {
    const { channel, clock, gate, turn } = this.parts;
    if (!gate.isOpen) this.refuse();
    const now = clock.at(turn.recent());
    if (pending !== undefined) this.usualDeadline.set(pending, now);
    else if (headers === undefined) return channel.post(payload, now);
    return channel.put(new Message(payload, now, headers, pending));
  }

  private putFollowed(payload: unknown, pending: PendingReply<unknown> | undefined): PutResult | Promise<PutResult> {
    const follower = this.followerOf(undefined);
    return follower === undefined
      ? this.putStraight(payload, undefined, pending)
      : this.putTraced(follower, payload, pending);
  }

  private putTraced(
    follower: Follower,
    payload: unknown,
    pending: PendingReply<unknown> | undefined,
  ): PutResult | Promise<PutResult> {
    return follower.put(this.trail, {}, (headers) => this.putStraight(payload, headers, pending));
  }

  /** A command that was not accepted at once. */
  private inTheEnd(put: 'dropped' | Promise<PutResult>, signal: AbortSignal | undefined): Promise<PutResult> {
    return put === 'dropped' ? DROPPED : put.catch((error: unknown) => this.rethrow(error, signal));
  }

  private refuseIfRejected(pending: PendingReply<unknown>, put: Promise<PutResult>): void {
    put.catch((error: unknown) => pending.refuse(asError(error)));
  }

  private putWith(
    payload: unknown,
    options: RequestOptions | undefined,
    pending: PendingReply<unknown> | undefined,
  ): PutResult | Promise<PutResult> {
    this.admit();
    const now = this.now();
    if (pending !== undefined) {
      this.wait(pending, now, options);
      if (pending.state !== 'waiting') {
        this.parts.channel.books.refused++;
        return 'dropped';
      }
    }
    return this.anteroom.isBare
      ? this.put(payload, now, options?.headers, options, pending)
      : this.prepareAndPut(payload, options, pending);
  }

  /** What a sender's signal was aborted with becomes the cause of an error of ours. */
  private rethrow(error: unknown, signal: AbortSignal | undefined): never {
    throw signal?.aborted === true && error === signal.reason
      ? new RequestAbortedError(this.parts.worker, error)
      : error;
  }

  private now(): number {
    return this.parts.clock.at(this.parts.turn.recent());
  }

  private admit(): void {
    const { channel, gate, worker } = this.parts;
    const { shed } = channel.options;
    if (!gate.isOpen) this.refuse();
    const why = shed === undefined ? undefined : channel.overload(shed);
    if (shed === undefined || why === undefined) return;
    channel.books.refused++;
    throw new OverloadedError(worker, channel.name, why, shed.retryAfter);
  }

  private refuse(): never {
    const { channel, worker } = this.parts;
    channel.books.refused++;
    throw new WorkersStoppingError(`A message was sent to worker "${worker}"`);
  }

  private async prepareAndPut(
    payload: unknown,
    options: CommandOptions | undefined,
    pending: PendingReply<unknown> | undefined,
  ): Promise<PutResult> {
    const { worker, channel } = this.parts;
    const headers = options?.headers ?? {};
    const outgoing: Outgoing = { worker, channel: channel.name, payload, headers };
    const prepared = await this.anteroom.prepare(outgoing, async (ready) =>
      this.put(ready.payload, this.now(), ready.headers, options, pending),
    );
    if (prepared.type === 'kept') {
      if (prepared.swallowed === undefined) channel.dropOnEntry(new Message(payload, this.now(), headers, pending));
      else pending?.refuse(prepared.swallowed);
    }
    return prepared.said;
  }

  private put(
    payload: unknown,
    now: number,
    headers: Headers | undefined,
    options: CommandOptions | undefined,
    pending: PendingReply<unknown> | undefined,
  ): PutResult | Promise<PutResult> {
    const { channel, propagatesContext, worker } = this.parts;
    const signal = options?.signal;
    if (options !== undefined) this.refuseSending(options);
    // A check or an interceptor may have taken longer than the caller waits: what nobody waits for is not run.
    const hasLeft = pending === undefined ? signal?.aborted === true : pending.state !== 'waiting';
    if (hasLeft) {
      channel.books.refused++;
      throw new RequestAbortedError(worker, signal?.reason);
    }
    const scope = propagatesContext ? (AsyncLocalStorage.snapshot() as Scope) : undefined;
    const send = (carried: Headers | undefined): PutResult | Promise<PutResult> => {
      const plain = new Message(payload, now, carried, pending);
      return channel.put(scope === undefined ? plain : new ScopedMessage(plain, scope), undefined, signal, options);
    };
    const follower = this.followerOf(headers);
    return follower === undefined ? send(headers) : follower.put(this.trail, headers ?? {}, send);
  }

  /** Who follows a message that is put with these headers; as a rule nobody. */
  private followerOf(headers: Headers | undefined): Follower | undefined {
    const { follower } = this.parts.announcer;
    return follower === undefined || follower.leaves(headers) ? undefined : follower;
  }

  private get trail(): Trail {
    return { worker: this.parts.worker, channel: this.parts.channel.name };
  }

  /** @throws ConfigurationError when `options` say what a channel in memory cannot do */
  private refuseSending(options: CommandOptions): void {
    const { channel, worker } = this.parts;
    if (channel.takesSending) return;
    const said = sendingIn(options);
    if (said.length === 0) return;
    channel.books.refused++;
    const problem = `${said.join(', ')}: only a durable channel can do this, and "${channel.name}", where worker "${worker}" takes from, is in memory. Declare it with durable(), or leave ${said.length === 1 ? 'it' : 'them'} out.`;
    throw new ConfigurationError([problem]);
  }

  private wait(pending: PendingReply<unknown>, now: number, options: RequestOptions | undefined): void {
    const given = options?.timeout;
    if (given === undefined) return pending.waitIn(this.usualDeadline, now, options?.signal);
    const { deadlines, worker } = this.parts;
    const timeoutMs = toMs(given);
    if (timeoutMs === undefined)
      throw new ConfigurationError([`request(${worker}).timeout: expected a duration, got ${shown(given)}.`]);
    pending.waitIn(deadlines.line(timeoutMs), now, options?.signal);
  }
}

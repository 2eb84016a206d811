import type { Channel } from '../channel/channel.js';
import type { PutResult } from '../channel/waiting.room.js';
import type { ChannelDeclaration } from '../channel/channel.declaration.js';
import type { WorkersStats } from '../observe/stats.js';
import { WorkerNotExposedError, WorkerUnknownError } from '../worker/worker.errors.js';
import type { CommandOptions, RequestOptions } from './entrance.js';
import { refusedReply, type Reply } from './reply.js';

/** A worker, by its class. */
export type WorkerClass<I = never, O = unknown> = new (...args: never[]) => { handle(payload: I, ...rest: never[]): O };

/** The payload that a worker class handles. */
export type PayloadOf<W> = W extends new (...args: never[]) => { handle(payload: infer I, ...rest: never[]): unknown }
  ? I
  : unknown;

/** The value that a worker class returns. */
export type ResultOf<W> = W extends new (...args: never[]) => { handle(...args: never[]): infer O }
  ? Awaited<O>
  : unknown;

/** The way to one worker. */
export interface Door {
  command(payload: unknown, options: CommandOptions | undefined): Promise<PutResult>;
  request<T>(payload: unknown, options: RequestOptions | undefined): Reply<T>;
}

/** The part of a package that stays with the application, for its other part inside an isolate. */
export interface HostPart {
  /** Answers what is asked of it: data that can cross a border, as the answer is. What it throws is thrown where it was asked. */
  answer(asked: unknown): unknown;
}

/** What the gateway needs of the application behind it. */
export interface Premises {
  /** The door of an exposed worker, `'hidden'` for one that is not exposed, undefined for an unknown one. */
  entrance(worker: string | WorkerClass): Door | 'hidden' | undefined;
  names(): { all: readonly string[]; exposed: readonly string[] };
  channel<T>(named: ChannelDeclaration<T> | string): Channel<T>;
  stats(): WorkersStats;
  /** What a package lent the application under this name. Where the application is far, it is there as well, and answers undefined. */
  part(name: string): HostPart | undefined;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * What a controller injects: the one way from outside to workers and channels.
 *
 * Promises: a command is accepted, dropped or refused with a typed error; a request always settles. From the application's start
 * hooks on it may be used: what is sent before the workers run waits, bounded, in its channel. A worker that `run` leaves to other
 * processes is reached through its durable channel; where its channel is in memory, `WorkerElsewhereError` says so.
 * When the application stops now: new messages are refused with `WorkersStoppingError`, except from a handler that still runs.
 */
export class WorkerGateway {
  constructor(private readonly premises: Premises) {}

  /**
   * Sends a payload to an exposed worker and waits for no answer.
   *
   * @returns `'accepted'`, or `'dropped'` where the channel's put mode or buffer type says so
   * @throws (rejects) WorkerUnknownError, WorkerNotExposedError, PayloadInvalidError, ChannelOverflowError (the message in
   * `undelivered`), ChannelClosedError, OverloadedError, WorkersStoppingError
   */
  command<W extends WorkerClass>(worker: W, payload: PayloadOf<W>, options?: CommandOptions): Promise<PutResult>;
  command(worker: string, payload: unknown, options?: CommandOptions): Promise<PutResult>;
  command(worker: string | WorkerClass, payload: unknown, options?: CommandOptions): Promise<PutResult> {
    const entrance = this.premises.entrance(worker);
    return typeof entrance === 'object'
      ? entrance.command(payload, options)
      : Promise.reject(this.closed(worker, entrance));
  }

  /**
   * Sends a payload to an exposed worker and waits for its answer.
   *
   * @returns the handler's value; see `Reply` for everything it may be rejected with
   */
  request<W extends WorkerClass>(worker: W, payload: PayloadOf<W>, options?: RequestOptions): Reply<ResultOf<W>>;
  request<T = unknown>(worker: string, payload: unknown, options?: RequestOptions): Reply<T>;
  request(worker: string | WorkerClass, payload: unknown, options?: RequestOptions): Reply<unknown> {
    const entrance = this.premises.entrance(worker);
    if (typeof entrance === 'object') return entrance.request(payload, options);
    return refusedReply(this.closed(worker, entrance));
  }

  /**
   * The live channel, an RxJS Subject.
   *
   * @throws ChannelUnknownError
   */
  channel<T>(named: ChannelDeclaration<T> | string): Channel<T> {
    return this.premises.channel(named);
  }

  /** A plain snapshot of every channel, worker and ticker. */
  stats(): WorkersStats {
    return this.premises.stats();
  }

  /** Starts the workers, for applications with `autoStart: false`; harmless when they run. */
  start(): Promise<void> {
    return this.premises.start();
  }

  /** Stops the workers as the application's own stop does: drain, abort, report. Never rejects; harmless when they have stopped. */
  stop(): Promise<void> {
    return this.premises.stop();
  }

  private closed(worker: string | WorkerClass, found: 'hidden' | undefined): Error {
    const asked = typeof worker === 'string' ? worker : worker.name;
    const { all, exposed } = this.premises.names();
    return found === 'hidden' ? new WorkerNotExposedError(asked, exposed) : new WorkerUnknownError(asked, all);
  }
}

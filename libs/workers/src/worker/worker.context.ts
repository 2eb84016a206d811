import type { Channel } from '../channel/channel.js';
import type { RunContext } from '../dispatch/dispatcher.js';
import type { WorkerInfo } from '../dispatch/elsewhere.js';
import type { Clock } from '../lifecycle/clock.js';
import type { Delivery } from '../message/delivery.js';
import type { Headers, Message } from '../message/message.js';
import type { Announcer } from '../observe/announcer.js';
import type { WorkersStats } from '../observe/stats.js';

/** What a handler can log to; Nest's `Logger`, named after the worker. */
export interface HandlerLogger {
  log(message: unknown, ...more: unknown[]): void;
  error(message: unknown, ...more: unknown[]): void;
  warn(message: unknown, ...more: unknown[]): void;
  debug?(message: unknown, ...more: unknown[]): void;
}

/** What a handler receives beside its payload. Made anew for each message; may be taken apart: `handle(payload, { signal, progress })`. */
export interface WorkerContext {
  readonly messageId: string;
  readonly headers: Headers;
  /** 1 for the first time this message is handled. */
  readonly attempt: number;
  /** The same as `messageId`, under the name that effects have for it. */
  readonly effectId: string;
  /**
   * The same for all attempts at this message and for no other message anywhere, for whatever the handler calls that can tell twins by
   * a key. Of a message in memory it is the id, which has one attempt only.
   */
  readonly idempotencyKey: () => string;
  /** Whether this message was handed to a handler before. */
  readonly isRetry: () => boolean;
  /** When it was committed to its store. Of a message in memory: when it was put, or when it arrived in a thread or process. */
  readonly createdAt: Date;
  readonly worker: WorkerInfo;
  /** Every channel of the application, by name. */
  readonly channels: Readonly<Record<string, Channel>>;
  readonly logger: HandlerLogger;
  /** Aborted when the time is up, the caller leaves or the application gives up waiting. Made when first asked for. */
  readonly signal: AbortSignal;
  /**
   * Answers the caller before the handler returns; only the first answer counts, a later one is reported as late. Await what you answer
   * with. @throws TypeError when it is given a promise
   */
  readonly reply: (value: unknown) => void;
  /** Shows the caller how far the work is (`Reply.progress$`); ignored when nobody waits. */
  readonly progress: (value: unknown) => void;
  /** Tells the observers something of your own, as `workers.custom`. */
  readonly emit: (name: string, data?: unknown) => void;
  /** What `WorkerGateway.stats` gives. */
  readonly stats: () => WorkersStats;
}

/** What all contexts of one worker share. */
export interface ContextHouse {
  readonly info: WorkerInfo;
  readonly channels: Readonly<Record<string, Channel>>;
  readonly logger: HandlerLogger;
  readonly announcer: Announcer;
  readonly clock: Clock;
  readonly stats: () => WorkersStats;
}

let lastRunId = 0;

/** The context of one message; everything that costs is made when it is asked for. */
export class HandlerContext implements WorkerContext, RunContext {
  /** @internal Keeps the shape, as `Message.kept` does. */
  static readonly kept = new HandlerContext(undefined as never, undefined as never);

  // Declared, not defined, as in `Message`.
  declare readonly runId: number;
  /** @internal */ declare readonly delivery: Delivery;
  declare private readonly house: ContextHouse;
  declare private controller: AbortController | undefined;
  declare private abortedFor: Error | undefined;

  constructor(house: ContextHouse, delivery: Delivery) {
    this.house = house;
    this.delivery = delivery;
    this.runId = lastRunId = (lastRunId + 1) | 0;
    this.controller = undefined;
    this.abortedFor = undefined;
  }

  protected get message(): Message {
    return this.delivery.message;
  }

  get messageId(): string {
    return this.message.id;
  }

  get headers(): Headers {
    return this.message.headers;
  }

  get attempt(): number {
    return this.message.attempt;
  }

  get effectId(): string {
    return this.message.id;
  }

  get idempotencyKey(): WorkerContext['idempotencyKey'] {
    return () => this.message.stored?.idempotencyKey ?? this.message.id;
  }

  get isRetry(): WorkerContext['isRetry'] {
    return () => this.message.attempt > 1;
  }

  get createdAt(): Date {
    const { clock } = this.house;
    return new Date(this.message.stored?.createdAtMs ?? clock.wall() - (clock.now() - this.message.putAt));
  }

  get worker(): WorkerInfo {
    return this.house.info;
  }

  get channels(): Readonly<Record<string, Channel>> {
    return this.house.channels;
  }

  get logger(): HandlerLogger {
    return this.house.logger;
  }

  get signal(): AbortSignal {
    this.controller ??= new AbortController();
    if (this.abortedFor !== undefined && !this.controller.signal.aborted) this.controller.abort(this.abortedFor);
    return this.controller.signal;
  }

  get reply(): WorkerContext['reply'] {
    return (value) => {
      refusePromise(value);
      const { reply, id } = this.message;
      if (reply === undefined || reply.answer(value)) return;
      this.house.announcer.announce('workers.late', { worker: this.house.info.name, messageId: id, what: 'reply' });
    };
  }

  get progress(): WorkerContext['progress'] {
    return (value) => this.message.reply?.progress(value);
  }

  get emit(): WorkerContext['emit'] {
    return (said, data) => {
      const { announcer, info } = this.house;
      announcer.announce('workers.custom', { worker: info.name, messageId: this.message.id, said, data });
    };
  }

  get stats(): WorkerContext['stats'] {
    return this.house.stats;
  }

  /** Why `signal` is aborted; undefined while it is not. */
  get abortReason(): Error | undefined {
    return this.abortedFor;
  }

  /** Aborts `signal` now, or as soon as somebody asks for it. */
  abort(reason: Error): void {
    this.abortedFor ??= reason;
    this.controller?.abort(reason);
  }
}

/** A promise that never settles would answer nobody, and nobody would hear what one is rejected with. */
function refusePromise(value: unknown): void {
  if (typeof value !== 'object' || value === null || !('then' in value) || typeof value.then !== 'function') return;
  if (value instanceof Promise) value.catch(() => {});
  throw new TypeError('context.reply was given a promise. Await it first: context.reply(await answer).');
}

import { randomBytes } from 'node:crypto';
import type { Delivery } from './delivery.js';
import type { ReplyAddress } from './reply.address.js';

/** What rides along with a payload as text: trace headers, tenant, whatever the sender puts there. */
export type Headers = Readonly<Record<string, string>>;

const NO_HEADERS: Headers = Object.freeze({});
const PROCESS_PREFIX = randomBytes(5).toString('hex');
let lastSerial = 0;

/**
 * A payload and its envelope.
 *
 * A message in memory is its own delivery: nothing outlives it, so there is nothing to settle. That saves an object per
 * message and is why the class is shaped as it is; a durable message comes wrapped in a delivery of its own.
 *
 * Costs about 110 bytes beside its payload. If the application stops now, a message in memory is handed to `onLeftover`.
 */
export class Message<T = unknown> implements Delivery<T> {
  /**
   * @internal One that stays: when a collection finds none, V8 forgets the shape and throws away all code compiled for it.
   *
   * The first one, and without a time: so V8 keeps times as objects, which messages share, and each is 16 bytes smaller.
   */
  static readonly kept = new Message(undefined, undefined as never);

  // Declared, not defined: what is defined is stored twice, and the constructor becomes too long to be compiled into its caller.
  declare readonly payload: T;
  /** When it was put, on the application's clock, in milliseconds. */
  declare readonly putAt: number;
  declare readonly headers: Headers;
  /** Where the answer goes; undefined for a message nobody waits for. */
  declare readonly reply: ReplyAddress | undefined;
  /** Runs a function in the asynchronous context of the sender; only with `propagateContext`. */
  declare readonly scope: Scope | undefined;
  /** How often this message was handed to a handler, this time included. */
  declare readonly attempt: number;
  /** The serial number of a message born in this process, or the id that a store gave it. */
  declare private readonly key: number | string;

  constructor(
    payload: T,
    putAt: number,
    headers: Headers = NO_HEADERS,
    reply?: ReplyAddress,
    scope?: Scope,
    id?: string,
    attempt = 1,
  ) {
    this.payload = payload;
    this.putAt = putAt;
    this.headers = headers;
    this.reply = reply;
    this.scope = scope;
    this.key = id ?? ++lastSerial;
    this.attempt = attempt;
  }

  /** Unique over processes; made when first asked for. */
  get id(): string {
    return typeof this.key === 'string' ? this.key : `${PROCESS_PREFIX}-${this.key.toString(36)}`;
  }

  /** What a message has beside when it lies in a store; undefined for one in memory. */
  get stored(): Stored | undefined {
    return undefined;
  }

  get message(): this {
    return this;
  }

  settle(): void {}
}

/** Calls `work` inside a remembered asynchronous context. */
export type Scope = <R>(work: () => R) => R;

/** What a store knows of its messages. */
export interface Stored {
  /** When it was committed, in milliseconds since 1970, on the store's clock. */
  readonly createdAtMs: number;
  /** The same over all attempts, and no other message's anywhere. */
  readonly idempotencyKey: string;
}

/** A message that came out of a store; the store settles it. */
export class StoredMessage<T = unknown> extends Message<T> {
  constructor(
    payload: T,
    putAt: number,
    headers: Headers | undefined,
    reply: ReplyAddress | undefined,
    id: string,
    attempt: number,
    private readonly origin: Stored,
  ) {
    super(payload, putAt, headers, reply, undefined, id, attempt);
  }

  override get stored(): Stored {
    return this.origin;
  }
}

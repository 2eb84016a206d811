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
 * Costs about 70 bytes beside its payload; one that waits with nothing beside it costs 18, since it is made when it is taken
 * (`FifoBuffer`). If the application stops now, a message in memory is handed to `onLeftover`.
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
  /** Where the answer goes; undefined for a message nobody waits for. */
  declare readonly reply: ReplyAddress | undefined;
  declare private readonly carried: Headers | undefined;
  declare private readonly serial: number;

  constructor(payload: T, putAt: number, headers?: Headers, reply?: ReplyAddress) {
    this.payload = payload;
    this.putAt = putAt;
    this.reply = reply;
    this.carried = headers;
    this.serial = ++lastSerial;
  }

  /** Unique over processes; made when first asked for. */
  get id(): string {
    return `${PROCESS_PREFIX}-${this.serial.toString(36)}`;
  }

  get headers(): Headers {
    return this.carried ?? NO_HEADERS;
  }

  /** How often this message was handed to a handler, this time included. */
  get attempt(): number {
    return 1;
  }

  /** Runs a function in the asynchronous context of the sender; only with `propagateContext`. */
  get scope(): Scope | undefined {
    return undefined;
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

/** A message that remembers the asynchronous context of its sender. */
export class ScopedMessage<T = unknown> extends Message<T> {
  constructor(
    plain: Message<T>,
    private readonly sender: Scope,
  ) {
    super(plain.payload, plain.putAt, plain.headers, plain.reply);
  }

  override get scope(): Scope {
    return this.sender;
  }
}

/** A message that had its name before it came here. */
export class NamedMessage<T = unknown> extends Message<T> {
  constructor(
    payload: T,
    putAt: number,
    headers: Headers | undefined,
    reply: ReplyAddress | undefined,
    private readonly name: string,
    private readonly time: number,
  ) {
    super(payload, putAt, headers, reply);
  }

  override get id(): string {
    return this.name;
  }

  override get attempt(): number {
    return this.time;
  }
}

/** A message that came out of a store; the store settles it. */
export class StoredMessage<T = unknown> extends NamedMessage<T> {
  constructor(
    payload: T,
    putAt: number,
    headers: Headers | undefined,
    reply: ReplyAddress | undefined,
    id: string,
    attempt: number,
    private readonly origin: Stored,
  ) {
    super(payload, putAt, headers, reply, id, attempt);
  }

  override get stored(): Stored {
    return this.origin;
  }
}

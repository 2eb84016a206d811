import { PayloadInvalidError } from '@nestjs-workers/core';
import {
  type Announcer,
  asError,
  type Clock,
  type Fault,
  type PayloadCheck,
  payloadCheck,
  type ReplyAddress,
  StoredMessage,
} from '@nestjs-workers/core/extension';
import type { Claimed } from '../store/store.js';
import { type Claimer, DurableDelivery } from './durable.delivery.js';
import { DurableReply } from './durable.reply.js';
import type { DurableSource } from './durable.source.js';

/** What the making of deliveries needs of its relay. */
export interface DeliveriesParts {
  readonly name: string;
  readonly claimer: Claimer;
  readonly held: Set<DurableDelivery>;
  readonly clock: Clock;
  readonly announcer: Announcer;
  /** The caller in this process that waits for a message. */
  readonly callerOf: (id: number) => ReplyAddress | undefined;
  /** Whether what was claimed may still be handed to a worker. */
  readonly isClaiming: () => boolean;
}

/**
 * Makes deliveries of claims, and hands them to workers.
 *
 * Promises: each claim is held from the moment it is known until it is settled; what has expired, cannot be read or is not what the
 * channel declares is settled as that and never handed to a handler.
 */
export class Deliveries {
  private readonly checks = new Map<string, PayloadCheck>();
  private installation = '';

  constructor(private readonly parts: DeliveriesParts) {}

  /** @param installation the name of the store's data, for idempotency keys */
  async prepare(installation: string, sources: readonly DurableSource[]): Promise<void> {
    this.installation = installation;
    for (const { channel } of sources) {
      const { name, durable } = channel;
      if (durable.payload !== undefined) this.checks.set(name, await payloadCheck(name, durable.payload));
    }
  }

  hand(claimed: Claimed, source: DurableSource): void {
    try {
      const { payload, headers } = source.channel.envelope.read(claimed);
      const deliver = (value: unknown): DurableDelivery => this.deliver(claimed, source, value, headers);
      const check = this.checks.get(claimed.channel);
      if (claimed.isExpired) this.expire(deliver(payload));
      else if (check === undefined) this.give(source, deliver(payload));
      else void source.expect(this.checkAndGive(source, check, deliver, payload));
    } catch (error) {
      this.unreadable(this.deliver(claimed, source, undefined, undefined), error);
    }
  }

  private async checkAndGive(
    source: DurableSource,
    check: PayloadCheck,
    deliver: (payload: unknown) => DurableDelivery,
    payload: unknown,
  ): Promise<void> {
    const { held } = this.parts;
    const raw = deliver(payload);
    held.add(raw);
    try {
      const delivery = deliver(await check(payload));
      // Lost meanwhile, with its seat.
      if (held.delete(raw)) this.give(source, delivery);
    } catch (error) {
      if (held.has(raw)) this.unreadable(raw, error);
    }
  }

  private give(source: DurableSource, delivery: DurableDelivery): void {
    this.parts.held.add(delivery);
    if (this.parts.isClaiming()) source.put(delivery);
    else delivery.giveBack();
  }

  private expire(delivery: DurableDelivery): void {
    const { channel, message } = delivery;
    this.parts.held.add(delivery);
    channel.books.drop(message, 'expired');
    this.quietly(delivery.expire());
  }

  private unreadable(delivery: DurableDelivery, thrown: unknown): void {
    this.parts.held.add(delivery);
    const kind = thrown instanceof PayloadInvalidError ? 'validation_error' : 'serialization_error';
    const error = asError(thrown);
    this.quietly(this.refuse(delivery, { kind, retryable: false, error }));
  }

  private async refuse(delivery: DurableDelivery, fault: Fault): Promise<void> {
    try {
      await delivery.settle({ type: 'failed', fault });
      delivery.reply?.refuse(fault.error);
    } catch (error) {
      delivery.reply?.refuse(asError(error));
      throw error;
    }
  }

  private deliver(
    claimed: Claimed,
    { channel, routed }: DurableSource,
    payload: unknown,
    headers: Readonly<Record<string, string>> | undefined,
  ): DurableDelivery {
    const { id, attempt, createdAtMs, waitedMs, wantsResult } = claimed;
    const { clock, callerOf, claimer } = this.parts;
    const reply = wantsResult || claimer.isAskedFor(id) ? new DurableReply(callerOf(id)) : undefined;
    const stored = { createdAtMs, idempotencyKey: `${this.installation}:${channel.name}:${id}` };
    const putAt = clock.now() - waitedMs;
    const message = new StoredMessage(payload, putAt, headers, reply, String(id), attempt, stored);
    return new DurableDelivery(claimed, channel, message, reply, routed, claimer);
  }

  private quietly(settling: Promise<void>): void {
    const { announcer, name } = this.parts;
    settling.catch((error: unknown) => announcer.fault(name, error));
  }
}

import type { ChannelDeclaration, Headers } from '@nestjs-workers/core';
import {
  BUILT_IN_ERRORS,
  type Follower,
  type HostPart,
  Packing,
  type PayloadCheck,
  payloadCheck,
  type Sending,
  suggestion,
} from '@nestjs-workers/core/extension';
import { DurableChannel } from './channel/durable.channel.js';
import type { DeadLetters } from './dead/dead.letters.js';
import { type Asked, LETTER_VERBS, type StoreAnswer } from './far/asked.js';
import type { OutboxPremises } from './far/premises.js';
import { NotDurableError } from './outbox.errors.js';
import type { OutboxHouse } from './outbox.house.js';
import type { Appended, NewMessage, Transaction } from './store/store.js';

/** What the application's own `Outbox` stands on, and where those inside isolates are answered. */
export class OutboxDesk implements OutboxPremises, HostPart {
  private readonly checks = new Map<string, Promise<PayloadCheck | undefined>>();
  private readonly packing = new Packing('json', BUILT_IN_ERRORS);

  constructor(
    readonly house: OutboxHouse,
    readonly letters: DeadLetters,
  ) {}

  get storeKind(): string {
    return this.house.store.kind;
  }

  get follower(): Follower | undefined {
    return this.house.application.announcer.follower;
  }

  messages<T>(
    named: ChannelDeclaration<T> | string,
    payloads: readonly T[],
    headers: Headers | undefined,
    sending: Sending,
  ): readonly NewMessage[] | Promise<readonly NewMessage[]> {
    const channel = this.channel(named);
    const write = (payload: unknown): NewMessage => {
      const key =
        sending.priority === undefined ? channel.keyFor({ payload, headers: headers ?? {} } as never) : undefined;
      return channel.envelope.write({ payload, headers, sending, key });
    };
    const check = this.checkOf(channel);
    // A synchronous transaction ends before the next microtask: with nothing to check asynchronously there is none.
    if (check === undefined) return payloads.map(write);
    return check.then(async (checked) =>
      (await Promise.all(payloads.map((payload) => checked?.(payload)))).map((payload) => write(payload)),
    );
  }

  write(messages: readonly NewMessage[], within: Transaction): Promise<readonly Appended[]> {
    return this.house.sender.sendWithin(messages, within);
  }

  once(key: string, within: Transaction): boolean | Promise<boolean> {
    return this.house.store.once(key, within);
  }

  wake(channel: ChannelDeclaration | string): void {
    this.house.sender.wake(this.channel(channel).name);
  }

  /** What is asked inside an isolate. */
  answer(given: unknown): unknown {
    const asked = given as Asked;
    switch (asked[0]) {
      case 'store':
        return { kind: this.storeKind, whereabouts: this.house.store.whereabouts } satisfies StoreAnswer;
      case 'messages':
        return this.messagesFor(asked);
      case 'look for':
        return this.house.sender.lookFor(asked[1]);
      case 'wake':
        return this.wake(asked[1]);
      case 'letters':
        return this.letter(asked);
      default:
        throw new TypeError(
          `The outbox was asked inside an isolate for "${String((given as unknown[])[0])}", which is nothing it knows.`,
        );
    }
  }

  private async messagesFor([, name, texts, headers, sending]: Extract<Asked, readonly ['messages', ...unknown[]]>) {
    const payloads = texts.map((text) => this.packing.unpack(JSON.parse(text)));
    const { follower } = this;
    const make = (carried: Headers | undefined) => this.messages(name, payloads, carried, sending);
    const trail = { worker: undefined, channel: name };
    const isFollowed = follower !== undefined && !follower.leaves(headers);
    const messages = await (isFollowed ? follower.put(trail, headers ?? {}, make) : make(headers));
    this.house.store.expect?.(messages);
    return messages;
  }

  private letter([, verb, given]: Extract<Asked, readonly ['letters', ...unknown[]]>): Promise<unknown> {
    if (!LETTER_VERBS.includes(verb)) throw new TypeError(`DeadLetters has no verb "${verb}".`);
    const [first, second] = given;
    const read = verb === 'retryWith' ? [first, this.packing.unpack(JSON.parse(String(second)))] : given;
    return (this.letters[verb] as (...given: readonly unknown[]) => Promise<unknown>).apply(this.letters, [...read]);
  }

  private channel(named: ChannelDeclaration | string): DurableChannel {
    const channel = this.house.application.channel(named);
    if (channel instanceof DurableChannel) return channel;
    const durable = [...this.house.application.channels].filter((one) => one instanceof DurableChannel);
    throw new NotDurableError(
      channel.name,
      suggestion(
        channel.name,
        durable.map(({ name }) => name),
      ),
    );
  }

  private checkOf({ name, durable }: DurableChannel): Promise<PayloadCheck | undefined> | undefined {
    if (durable.payload === undefined) return undefined;
    const check = this.checks.get(name) ?? payloadCheck(name, durable.payload);
    this.checks.set(name, check);
    return check;
  }
}

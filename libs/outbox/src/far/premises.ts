import type { ChannelDeclaration, Headers } from '@nestjs-workers/core';
import type { Follower, Sending } from '@nestjs-workers/core/extension';
import type { Appended, NewMessage, Transaction } from '../store/store.js';

/** What `Outbox` needs of the outbox behind it. */
export interface OutboxPremises {
  /** The kind of transaction that can be written in. */
  readonly storeKind: string;
  readonly follower: Follower | undefined;
  /**
   * What is to be written: payloads that were checked, in the form of the store, each under its key. A promise only where something has to
   * be waited for.
   *
   * @throws ChannelUnknownError, NotDurableError, PayloadInvalidError, NotPortableError, ConfigurationError
   */
  messages<T>(
    channel: ChannelDeclaration<T> | string,
    payloads: readonly T[],
    headers: Headers | undefined,
    sending: Sending,
  ): readonly NewMessage[] | Promise<readonly NewMessage[]>;
  /** Writes inside the transaction, and has those wake who claim. Runs its SQL before it first awaits. */
  write(messages: readonly NewMessage[], within: Transaction): Promise<readonly Appended[]>;
  /** True when `key` is new. A promise only where the transaction gives one. */
  once(key: string, within: Transaction): boolean | Promise<boolean>;
  /** Something was committed on `channel`. */
  wake(channel: ChannelDeclaration | string): void;
}

/** Those that `find` finds, asked anew at each use: they may be made later than who has them injected, or never. */
export function premisesBy(find: () => OutboxPremises): OutboxPremises {
  return {
    get storeKind() {
      return find().storeKind;
    },
    get follower() {
      return find().follower;
    },
    messages: (...given) => find().messages(...given),
    write: (...given) => find().write(...given),
    once: (...given) => find().once(...given),
    wake: (channel) => find().wake(channel),
  };
}

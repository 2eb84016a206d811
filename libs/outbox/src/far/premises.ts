import type { ChannelDeclaration, Headers } from '@nestjs-workers/core';
import type { Follower, Sending } from '@nestjs-workers/core/extension';
import type { DeadLetters } from '../dead/dead.letters.js';
import type { Appended, NewMessage, Transaction } from '../store/store.js';
import type { LetterVerb } from './asked.js';

/** What `DeadLetters` can be told. */
export type Letters = Pick<DeadLetters, LetterVerb>;

/** What `Outbox` and `DeadLetters` need of the outbox behind them. */
export interface OutboxPremises {
  /** The kind of transaction that can be written in. */
  readonly storeKind: string;
  readonly follower: Follower | undefined;
  readonly letters: Letters;
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

/** Those that `found` answers with, asked anew at each use: they may be made later than who has them injected, or never. */
export function premisesBy(found: () => OutboxPremises): OutboxPremises {
  return {
    get storeKind() {
      return found().storeKind;
    },
    get follower() {
      return found().follower;
    },
    letters: {
      find: async (...given) => found().letters.find(...given),
      count: async (...given) => found().letters.count(...given),
      retry: async (id) => found().letters.retry(id),
      retryAll: async (query) => found().letters.retryAll(query),
      retryWith: async (id, payload) => found().letters.retryWith(id, payload),
      discard: async (id) => found().letters.discard(id),
      discardAll: async (query) => found().letters.discardAll(query),
    },
    messages: (...given) => found().messages(...given),
    write: (...given) => found().write(...given),
    once: (...given) => found().once(...given),
    wake: (channel) => found().wake(channel),
  };
}

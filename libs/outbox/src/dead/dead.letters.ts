import type { ChannelDeclaration, Headers } from '@nestjs-workers/core';
import { payloadCheck } from '@nestjs-workers/core/extension';
import { DurableChannel } from '../channel/durable.channel.js';
import type { OutboxHouse } from '../outbox.house.js';
import type { DeadLetterReason } from '../store/dead.letter.reason.js';
import type { DeadLetter as StoredLetter, DeadLetterQuery as StoredQuery } from '../store/store.js';
import { DeadLetterUnknownError } from './dead.errors.js';

/** Which dead letters are meant; what is left out does not matter. */
export interface DeadLetterQuery {
  readonly channel?: ChannelDeclaration | string;
  readonly ids?: readonly string[];
  readonly reason?: DeadLetterReason;
  /** Dead since then, or until then. */
  readonly since?: Date;
  readonly until?: Date;
}

/** A page of them, the latest first. */
export interface DeadLetterPage {
  /** @default 100 */
  readonly limit?: number;
  /** The id of the last one of the page before. */
  readonly before?: string;
}

/** A durable message that will not be tried again until a person says so. */
export interface DeadLetter {
  readonly id: string;
  readonly channel: string;
  /** What was put; undefined when it cannot be read, and then `unreadable` is what lies there. */
  readonly payload: unknown;
  readonly unreadable: string | undefined;
  readonly headers: Headers;
  readonly key: string | undefined;
  readonly attempt: number;
  readonly crashes: number;
  readonly createdAt: Date;
  readonly deadAt: Date;
  readonly reason: DeadLetterReason;
  /** Every failed attempt, the oldest first. */
  readonly history: readonly DeadLetterFailure[];
}

export interface DeadLetterFailure {
  readonly attempt: number;
  readonly kind: string;
  readonly message: string;
  readonly host: string;
  readonly at: Date;
}

/**
 * Looks after the dead letters of the store: find, count, retry, edit, discard.
 *
 * Promises: only what is dead is touched; a message that is retried keeps its id, its idempotency key and its history, and starts with
 * a fresh count of attempts.
 */
export class DeadLetters {
  constructor(private readonly house: OutboxHouse) {}

  async find(query: DeadLetterQuery = {}, { limit = 100, before }: DeadLetterPage = {}): Promise<DeadLetter[]> {
    const page = before === undefined ? { limit } : { limit, before: idOf(before) };
    const found = await this.store.find(stored(query), page);
    return found.map((letter) => this.shown(letter));
  }

  count(query: DeadLetterQuery = {}): Promise<number> {
    return this.store.count(stored(query));
  }

  /** Has one tried again. @throws (rejects) DeadLetterUnknownError when it is not dead: it may be live, done or discarded */
  async retry(id: string): Promise<void> {
    const [retried] = await this.store.retry({ ids: [idOf(id)] });
    if (retried === undefined) throw new DeadLetterUnknownError(id);
    this.house.relay.lookEverywhere();
  }

  /** Has all of them tried again; returns the ids. */
  async retryAll(query: DeadLetterQuery): Promise<string[]> {
    const retried = await this.store.retry(stored(query));
    if (retried.length > 0) this.house.relay.lookEverywhere();
    return retried.map(String);
  }

  /**
   * Has one tried again with another payload, which is checked as one that is put.
   *
   * @throws (rejects) DeadLetterUnknownError, PayloadInvalidError, NotPortableError; it stays dead then
   */
  async retryWith(id: string, payload: unknown): Promise<void> {
    const [letter] = await this.store.find({ ids: [idOf(id)] }, { limit: 1 });
    if (letter === undefined) throw new DeadLetterUnknownError(id);
    const channel = this.house.application.channel(letter.channel);
    if (!(channel instanceof DurableChannel)) throw new DeadLetterUnknownError(id);
    const { payload: type } = channel.durable;
    const checked = type === undefined ? payload : await (await payloadCheck(channel.name, type))(payload);
    if (!(await this.store.retryWith(idOf(id), channel.envelope.write({ payload: checked }).payload)))
      throw new DeadLetterUnknownError(id);
    this.house.relay.wake(letter.channel);
  }

  /** Forgets one for good. @throws (rejects) DeadLetterUnknownError */
  async discard(id: string): Promise<void> {
    const [discarded] = await this.store.discard({ ids: [idOf(id)] });
    if (discarded === undefined) throw new DeadLetterUnknownError(id);
  }

  /** Forgets all of them for good; returns the ids. */
  async discardAll(query: DeadLetterQuery): Promise<string[]> {
    return (await this.store.discard(stored(query))).map(String);
  }

  private get store() {
    return this.house.store.deadLetters;
  }

  private shown(letter: StoredLetter): DeadLetter {
    const { id, channel, key, attempt, crashes, createdAtMs, deadAtMs, reason, history } = letter;
    return {
      id: String(id),
      channel,
      ...this.read(letter),
      key: key ?? undefined,
      attempt,
      crashes,
      createdAt: new Date(createdAtMs),
      deadAt: new Date(deadAtMs),
      reason,
      history: history.map(({ attempt: nth, kind, message, host, atMs }) => ({
        attempt: nth,
        kind,
        message,
        host,
        at: new Date(atMs),
      })),
    };
  }

  private read(letter: StoredLetter): Pick<DeadLetter, 'payload' | 'headers' | 'unreadable'> {
    const found = [...this.house.application.channels].find(({ name }) => name === letter.channel);
    try {
      if (found instanceof DurableChannel) {
        const { payload, headers } = found.envelope.read(letter);
        return { payload, headers: headers ?? {}, unreadable: undefined };
      }
    } catch {
      // Shown as it lies there: whoever looks at dead letters wants to see just this.
    }
    return { payload: undefined, headers: {}, unreadable: letter.payload };
  }
}

/** What is no id at all is that of no letter; a database would refuse the text. */
function idOf(text: string): number {
  const id = Number(text);
  return Number.isSafeInteger(id) ? id : NOBODYS;
}

const NOBODYS = 0;

function stored({ channel, ids, reason, since, until }: DeadLetterQuery): StoredQuery {
  return {
    ...(channel === undefined ? {} : { channel: typeof channel === 'string' ? channel : channel.name }),
    ...(ids === undefined ? {} : { ids: ids.map(idOf) }),
    ...(reason === undefined ? {} : { reason }),
    ...(since === undefined ? {} : { sinceMs: since.getTime() }),
    ...(until === undefined ? {} : { untilMs: until.getTime() }),
  };
}

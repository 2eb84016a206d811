import { type ChannelDeclaration, type Headers, NotInIsolateError } from '@nestjs-workers/core';
import { BUILT_IN_ERRORS, type Follower, type HostPart, Packing, type Sending } from '@nestjs-workers/core/extension';
import type { Appended, NewMessage, Transaction } from '../store/store.js';
import type { Writer } from '../store/whereabouts.js';
import { ask, type Asked, nameOf, type StoreAnswer } from './asked.js';
import { farLetters } from './far.letters.js';
import type { Letters, OutboxPremises } from './premises.js';
import { writerAt } from './writers.js';

/** Where what is asked goes, and what is told besides. */
export interface FarParts {
  readonly part: HostPart;
  /** Who follows messages in here, asked anew for each. */
  readonly follower: () => Follower | undefined;
  /** Something that nobody waits for went wrong. */
  readonly onFault: (error: unknown) => void;
}

/**
 * The outbox as it is inside an isolate: the store and the worker's key are the host's, the transaction is in here.
 *
 * The host is asked for finished messages: it checks payloads, knows under which key each is put, and how the tables are called. They are
 * written in here, by the store's own SQL and in the caller's transaction; then the host is told, which looks for the commit or is told of
 * it.
 *
 * Promises: nothing is written that the host has not answered for; what is written lies in the caller's transaction and nowhere else.
 * Does not promise: to write before it first awaits, as the outbox of the host may: what a synchronous transaction of SQLite adds comes
 * when that is over, and is refused.
 */
export class FarPremises implements OutboxPremises {
  readonly letters: Letters;

  private constructor(
    private readonly parts: FarParts,
    readonly storeKind: string,
    private readonly writer: Writer | undefined,
  ) {
    this.letters = farLetters(parts.part);
  }

  /** Undefined where the application has no outbox. */
  static async open(parts: FarParts): Promise<FarPremises | undefined> {
    const found = (await ask(parts.part, ['store'])) as StoreAnswer | undefined;
    if (found === undefined) return undefined;
    const { kind, whereabouts } = found;
    return new FarPremises(parts, kind, whereabouts === undefined ? undefined : await writerAt(whereabouts));
  }

  get follower(): Follower | undefined {
    return this.parts.follower();
  }

  async messages<T>(
    channel: ChannelDeclaration<T> | string,
    payloads: readonly T[],
    headers: Headers | undefined,
    sending: Sending,
  ): Promise<readonly NewMessage[]> {
    this.assertWritable();
    const packing = new Packing('json', BUILT_IN_ERRORS, declaredOf(channel));
    const texts = payloads.map((payload) => JSON.stringify(packing.payload(payload)) ?? 'null');
    const asked = ask(this.parts.part, ['messages', nameOf(channel), texts, headers, sending]);
    return asked as Promise<readonly NewMessage[]>;
  }

  async write(messages: readonly NewMessage[], within: Transaction): Promise<readonly Appended[]> {
    const appended = await this.assertWritable().append(messages, within);
    const channels = [...new Set(messages.map(({ channel }) => channel))];
    if (within.committed === undefined) this.tell(['look for', channels]);
    else
      within.committed.then(
        () => channels.forEach((channel) => this.wake(channel)),
        () => {
          // Rolled back: there is nothing to wake for.
        },
      );
    return appended;
  }

  once(key: string, within: Transaction): boolean | Promise<boolean> {
    return this.assertWritable().once(key, within);
  }

  wake(channel: ChannelDeclaration | string): void {
    this.tell(['wake', nameOf(channel)]);
  }

  private tell(asked: Asked): void {
    ask(this.parts.part, asked).catch(this.parts.onFault);
  }

  /** @throws NotInIsolateError */
  private assertWritable(): Writer {
    if (this.writer !== undefined) return this.writer;
    throw new NotInIsolateError(
      `A transaction for the ${this.storeKind} store`,
      'Its messages cannot be written from elsewhere: send with WorkerGateway.command, or keep the messages in sqliteStore or postgresStore.',
    );
  }
}

/** The class whose instances travel as plain data; the host makes them again. */
function declaredOf(channel: ChannelDeclaration | string): ConstructorParameters<typeof Packing>[2] {
  const payload: unknown = typeof channel === 'string' ? undefined : channel.options.payload;
  return typeof payload === 'function' ? (payload as new () => object) : undefined;
}

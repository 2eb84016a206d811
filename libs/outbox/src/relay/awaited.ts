import { asError, type Clock, type ReplyAddress, type Timer } from '@nestjs-workers/core/extension';
import { MessageBuriedError, ResultNotKeptError } from '../channel/channel.errors.js';
import type { DurableChannel } from '../channel/durable.channel.js';
import type { DeadLetterReason } from '../store/dead.letter.reason.js';
import type { Finished, Store } from '../store/store.js';

/** How often the store is asked, while somebody waits, in case its word does not reach us. */
const ASK_MS = 250;

interface Waiting {
  /** Whether it put the message, or asked for what is there already. */
  readonly as: 'sender' | 'duplicate';
  readonly reply: ReplyAddress;
  readonly channel: DurableChannel;
}

/**
 * The callers in this process that wait for the outcome of durable messages, whichever host runs them.
 *
 * Promises: a caller is told once the outcome is recorded; one that left is forgotten. Its own deadline bounds how long it waits. One that
 * asked for a message that was there already is refused when that is over and nothing is recorded: where it is a dead letter with that, else
 * because nobody may have wanted its outcome.
 */
export class Awaited {
  /** Several where a message was put twice under one deduplication key. */
  private readonly waiting = new Map<number, Waiting[]>();
  private timer: Timer | undefined;
  private asking: 'no' | 'yes' | 'again' = 'no';

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly onFault: (error: unknown) => void,
  ) {}

  add(id: number, reply: ReplyAddress, channel: DurableChannel, as: Waiting['as'] = 'sender'): void {
    this.waiting.set(id, [...(this.waiting.get(id) ?? []), { as, reply, channel }]);
    this.askLater();
    // It may be over already.
    if (as === 'duplicate') void this.ask();
  }

  /** The caller of a message that was claimed by this process. Undefined when there are others: they are answered from the record. */
  find(id: number): ReplyAddress | undefined {
    const [first, ...others] = this.waiting.get(id) ?? [];
    return first?.as === 'sender' && others.length === 0 ? first.reply : undefined;
  }

  /** Whether somebody waits who put nothing: the message may not know that its outcome is wanted. */
  hasDuplicates(id: number): boolean {
    return this.waiting.get(id)?.some(isDuplicate) === true;
  }

  /** Told that the outcome of `id` is recorded. */
  finished(id: number): void {
    if (this.waiting.has(id)) void this.ask();
  }

  stop(): void {
    this.timer?.cancel();
    this.waiting.clear();
  }

  private askLater(): void {
    if (this.timer !== undefined || this.waiting.size === 0) return;
    this.timer = this.clock.after(ASK_MS, () => {
      this.timer = undefined;
      void this.ask().finally(() => this.askLater());
    });
    this.timer.hold(false);
  }

  /** A word that comes meanwhile may be newer than the answer: then it is asked once more. */
  private async ask(): Promise<void> {
    if (this.asking !== 'no') return void (this.asking = 'again');
    do {
      this.asking = 'yes';
      this.forgetThoseWhoLeft();
      if (this.waiting.size > 0) await this.askOnce();
    } while ((this.asking as string) === 'again');
    this.asking = 'no';
  }

  private async askOnce(): Promise<void> {
    try {
      const duplicated = [...this.waiting.keys()].filter((id) => this.hasDuplicates(id));
      // Asked first: what is over by then has its outcome recorded by then, or never.
      const underWay = new Set(duplicated.length === 0 ? [] : await this.store.underWay(duplicated));
      for (const found of await this.store.finished([...this.waiting.keys()])) this.tell(found);
      await this.refuseThoseOf(duplicated.filter((id) => !underWay.has(id) && this.hasDuplicates(id)));
    } catch (error) {
      this.onFault(error);
    }
  }

  private forgetThoseWhoLeft(): void {
    for (const [id, callers] of this.waiting) {
      const left = callers.filter(({ reply }) => reply.state === 'waiting');
      if (left.length > 0) this.waiting.set(id, left);
      else this.waiting.delete(id);
    }
  }

  private tell(finished: Finished): void {
    const callers = this.waiting.get(finished.id) ?? [];
    this.waiting.delete(finished.id);
    for (const { reply, channel } of callers) tellOne(finished, reply, channel);
  }

  /** Those messages are over, and nothing is recorded of them; but a dead letter is there to be seen. */
  private async refuseThoseOf(ids: readonly number[]): Promise<void> {
    if (ids.length === 0) return;
    const dead = await this.store.deadLetters.find({ ids }, { limit: ids.length });
    const reasons = new Map(dead.map(({ id, reason }) => [id, reason]));
    for (const id of ids) this.refuseDuplicates(id, reasons.get(id));
  }

  private refuseDuplicates(id: number, reason: DeadLetterReason | undefined): void {
    const callers = this.waiting.get(id) ?? [];
    this.waiting.set(
      id,
      callers.filter((caller) => !isDuplicate(caller)),
    );
    for (const { reply, channel } of callers.filter(isDuplicate))
      reply.refuse(
        reason === undefined
          ? new ResultNotKeptError(channel.name, String(id))
          : new MessageBuriedError(channel.name, String(id), reason),
      );
  }
}

const isDuplicate = ({ as }: Waiting): boolean => as === 'duplicate';

function tellOne({ id, type, result }: Finished, reply: ReplyAddress, channel: DurableChannel): void {
  try {
    if (type === 'done') {
      reply.answer(channel.envelope.readResult(result));
    } else {
      const { reason, cause } = channel.envelope.readBurial(result);
      reply.refuse(new MessageBuriedError(channel.name, String(id), reason, { cause }));
    }
  } catch (error) {
    reply.refuse(asError(error));
  }
}

import type { Clock, ReplyAddress, Timer } from '@nestjs-workers/core/extension';
import { MessageBuriedError } from '../channel/channel.errors.js';
import type { DurableChannel } from '../channel/durable.channel.js';
import { asError } from '@nestjs-workers/core/extension';
import type { Finished, Store } from '../store/store.js';

/** How often the store is asked, while somebody waits, in case its word does not reach us. */
const ASK_MS = 250;

interface Waiting {
  readonly reply: ReplyAddress;
  readonly channel: DurableChannel;
}

/**
 * The callers in this process that wait for the outcome of durable messages, whichever host runs them.
 *
 * Promises: a caller is told once the outcome is recorded; one that left is forgotten. Its own deadline bounds how long it waits.
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

  add(id: number, reply: ReplyAddress, channel: DurableChannel): void {
    this.waiting.set(id, [...(this.waiting.get(id) ?? []), { reply, channel }]);
    this.askLater();
  }

  /** The caller of a message that was claimed by this process. Undefined when there are several: they are answered from the record. */
  find(id: number): ReplyAddress | undefined {
    const waiting = this.waiting.get(id);
    return waiting?.length === 1 ? waiting[0]?.reply : undefined;
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

  private async ask(): Promise<void> {
    this.forgetThoseWhoLeft();
    if (this.asking !== 'no') this.asking = 'again';
    if (this.asking !== 'no' || this.waiting.size === 0) return;
    this.asking = 'yes';
    try {
      for (const found of await this.store.finished([...this.waiting.keys()])) this.tell(found);
    } catch (error) {
      this.onFault(error);
    }
    // A word that came meanwhile may be newer than the answer.
    const isOnceMore = (this.asking as string) === 'again';
    this.asking = 'no';
    if (isOnceMore) await this.ask();
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
}

function tellOne({ id, type, result }: Finished, reply: ReplyAddress, channel: DurableChannel): void {
  try {
    const value = channel.envelope.readResult(result);
    if (type === 'done') reply.answer(value);
    else reply.refuse(new MessageBuriedError(channel.name, String(id), 'recorded', { cause: value }));
  } catch (error) {
    reply.refuse(asError(error));
  }
}

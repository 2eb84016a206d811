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
  private readonly waiting = new Map<number, Waiting>();
  private timer: Timer | undefined;
  private isAsking = false;

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly onFault: (error: unknown) => void,
  ) {}

  add(id: number, reply: ReplyAddress, channel: DurableChannel): void {
    this.waiting.set(id, { reply, channel });
    this.askLater();
  }

  /** The caller of a message that was claimed by this process. */
  find(id: number): ReplyAddress | undefined {
    return this.waiting.get(id)?.reply;
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
    for (const [id, { reply }] of this.waiting) if (reply.state !== 'waiting') this.waiting.delete(id);
    if (this.isAsking || this.waiting.size === 0) return;
    this.isAsking = true;
    try {
      for (const found of await this.store.finished([...this.waiting.keys()])) this.tell(found);
    } catch (error) {
      this.onFault(error);
    } finally {
      this.isAsking = false;
    }
  }

  private tell({ id, type, result }: Finished): void {
    const found = this.waiting.get(id);
    if (found === undefined) return;
    this.waiting.delete(id);
    const { reply, channel } = found;
    try {
      const value = channel.envelope.readResult(result);
      if (type === 'done') reply.answer(value);
      else reply.refuse(new MessageBuriedError(channel.name, String(id), 'recorded', { cause: value }));
    } catch (error) {
      reply.refuse(asError(error));
    }
  }
}

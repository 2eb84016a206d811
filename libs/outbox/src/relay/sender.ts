import type { Channel, Peeked } from '@nestjs-workers/core';
import {
  asError,
  type Clock,
  type ReplyAddress,
  type Source,
  type Taker,
  type Timer,
} from '@nestjs-workers/core/extension';
import type { DurableChannel } from '../channel/durable.channel.js';
import type { Draft } from '../channel/envelope.js';
import type { Post } from '../channel/post.js';
import type { Appended, NewMessage, Store, Transaction } from '../store/store.js';
import type { Awaited } from './awaited.js';
import { Bell } from './bell.js';
import type { OutboxRelay } from './relay.js';

/** What one `send` waits for. */
interface Waiting {
  readonly message: NewMessage;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: Error) => void;
}

/** How many messages are written in one statement at most. */
const LARGEST_BATCH = 1_000;
/** After a write whose commit is not seen: when it is looked, in milliseconds from then. */
const PROBES_MS = [2, 5, 10, 25, 50, 100, 200] as const;

/**
 * Writes messages, and wakes whoever claims them.
 *
 * Promises: what was sent while a write was under way leaves in the next one, so many senders share a commit; each is told of its own
 * message. After a commit that is seen the relay here is woken at once and those elsewhere within 20 ms.
 */
export class Sender implements Post {
  private waiting: Waiting[] = [];
  private isWriting = false;
  private readonly bell: Bell;
  private probing: { readonly channels: Set<string>; from: number; timer: Timer; dueAt: number } | undefined;

  constructor(
    private readonly store: Store,
    private readonly relay: OutboxRelay,
    private readonly awaited: Awaited,
    private readonly clock: Clock,
    onFault: (error: unknown) => void,
    /** Told when a channel was paused or resumed from here, and by whom. */
    private readonly onPause: (by: string | undefined) => Promise<void> = async () => {},
  ) {
    this.bell = new Bell((channels) => store.wake(channels), clock, onFault);
  }

  async send(channel: DurableChannel, draft: Draft, reply?: ReplyAddress): Promise<Appended> {
    const message = channel.envelope.write(draft);
    const appended = await new Promise<Appended>((resolve, reject) => {
      this.waiting.push({ message, resolve, reject });
      if (!this.isWriting) void this.write();
    });
    if (reply !== undefined)
      this.awaited.add(appended.id, reply, channel, appended.isDuplicate ? 'duplicate' : 'sender');
    if (!appended.isDuplicate) this.wake(channel.name, message.delayMs ?? 0);
    return appended;
  }

  /** Writes inside the caller's transaction. Where its commit is not seen from here, the store is looked at a few times soon. */
  async sendWithin(messages: readonly NewMessage[], within: Transaction): Promise<readonly Appended[]> {
    const appended = await this.store.append(messages, within);
    const channels = new Set(messages.map(({ channel }) => channel));
    const each = (tell: (channel: string) => void): void => channels.forEach((channel) => tell(channel));
    if (within.committed === undefined) each((channel) => this.probe(channel));
    else
      within.committed.then(
        () => each((channel) => this.wake(channel)),
        () => {
          // Rolled back: there is nothing to wake for.
        },
      );
    return appended;
  }

  /** Messages were written on these, in a transaction whose commit is not seen. */
  lookFor(channels: readonly string[]): void {
    for (const channel of channels) this.probe(channel);
  }

  async pause({ name }: DurableChannel, isPaused: boolean, by: string | undefined): Promise<void> {
    if (isPaused) await this.store.pause(name, by ?? null);
    else await this.store.resume(name);
    await this.onPause(by);
  }

  async peek({ name, envelope }: DurableChannel, limit: number): Promise<readonly Peeked[]> {
    const found = await this.store.peek(name, limit);
    return found.map((stored) => {
      const { id, attempt, waitedMs } = stored;
      try {
        const { payload, headers = {} } = envelope.read(stored);
        return { id: String(id), attempt, waitedMs, headers, payload };
      } catch {
        // Shown as it lies there; the worker that claims it says what is wrong with it.
        return { id: String(id), attempt, waitedMs, headers: {}, payload: stored.payload };
      }
    });
  }

  sourceFor(channel: DurableChannel, taker: Taker, routed: Channel | undefined): Source {
    return this.relay.sourceFor(channel, taker, routed);
  }

  /** Nothing is said to the other hosts any more, and nothing looked for; resolves when the last word is said. */
  async stop(): Promise<void> {
    this.probing?.timer.cancel();
    await this.bell.stop();
  }

  /** Something was committed on `channel`, and is due in `delayMs`. */
  wake(channel: string, delayMs = 0): void {
    if (delayMs > 0) this.relay.delayed(delayMs);
    else this.relay.wake(channel);
    this.bell.ring(channel);
  }

  private async write(): Promise<void> {
    this.isWriting = true;
    // Senders of one round of the event loop leave together.
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, LARGEST_BATCH);
      try {
        const appended = await this.store.append(batch.map(({ message }) => message));
        for (const [index, { resolve }] of batch.entries()) resolve(appended[index] as Appended);
      } catch (error) {
        await this.failed(batch, error);
      }
    }
    this.isWriting = false;
  }

  /** One bad message must not take the others with it; but what may have been written is not written again. */
  private async failed(batch: readonly Waiting[], error: unknown): Promise<void> {
    const isLocal = !('store' in asError(error));
    if (!isLocal || batch.length === 1) {
      for (const { reject } of batch) reject(asError(error));
      return;
    }
    for (const { message, resolve, reject } of batch) {
      try {
        resolve((await this.store.append([message]))[0] as Appended);
      } catch (reason) {
        reject(asError(reason));
      }
    }
  }

  private probe(channel: string): void {
    const now = this.clock.now();
    const { probing } = this;
    if (probing === undefined) return this.lookLater(now, new Set([channel]));
    probing.channels.add(channel);
    probing.from = now;
    // The next look is for one that was written before, and may be far off.
    if (probing.dueAt - now <= PROBES_MS[0]) return;
    probing.timer.cancel();
    this.lookLater(now, probing.channels);
  }

  /** Looks when it is time again for what was written last, at `from`. */
  private lookLater(from: number, channels: Set<string>): void {
    const now = this.clock.now();
    // What is due within a millisecond is due now: a clock of fractions may never get there.
    const dueMs = PROBES_MS.find((ms) => ms - (now - from) >= 1);
    this.probing = undefined;
    if (dueMs === undefined) return;
    const timer = this.clock.after(from + dueMs - now, () => {
      this.relay.heard([...channels]);
      this.lookLater(this.probing?.from ?? from, channels);
    });
    timer.hold(false);
    this.probing = { from, channels, timer, dueAt: from + dueMs };
  }
}

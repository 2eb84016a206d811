import type { Wanted } from '../store/store.js';
import type { DurableSource } from './durable.source.js';

/** The workers of this process that eat from the store, by their channels. */
export class Sources {
  private readonly byChannel = new Map<string, DurableSource[]>();
  private paused: ReadonlySet<string> = new Set();

  add(source: DurableSource): void {
    const { name } = source.channel;
    this.byChannel.set(name, [...this.of(name), source]);
  }

  of(channel: string): readonly DurableSource[] {
    return this.byChannel.get(channel) ?? [];
  }

  get all(): readonly DurableSource[] {
    return [...this.byChannel.values()].flat();
  }

  /** The channels that have a worker here. */
  get channels(): readonly string[] {
    return [...this.byChannel.keys()];
  }

  /** Those of them that may be claimed from, and have a worker that is not paused. */
  get open(): readonly string[] {
    const isTaken = (channel: string): boolean => this.of(channel).some(({ taker }) => !taker.isPaused);
    return this.channels.filter((channel) => !this.paused.has(channel) && isTaken(channel));
  }

  /** Nothing is wanted of these channels until they are named no more; what was fetched of them goes back. */
  pause(channels: ReadonlySet<string>): void {
    for (const channel of this.paused) if (!channels.has(channel)) for (const source of this.of(channel)) source.wake();
    this.paused = channels;
    for (const channel of channels) for (const source of this.of(channel)) source.giveBack();
  }

  /** The one of a channel that has the most room. */
  roomiest(channel: string): DurableSource {
    return this.of(channel).reduce((best, one) => (one.room > best.room ? one : best));
  }

  /** What there is room for, of channels that may have something; of each at most `atMost`. */
  wanted(atMost: number): Wanted[] {
    const wanted: Wanted[] = [];
    for (const [channel, sources] of this.byChannel) {
      if (this.paused.has(channel)) continue;
      let room = 0;
      for (const source of sources) room += source.wish;
      if (room > 0) wanted.push({ channel, room: Math.min(room, atMost) });
    }
    return wanted;
  }

  /** The store is asked for `wanted`. */
  ask(wanted: readonly Wanted[]): void {
    for (const { channel } of wanted) for (const source of this.of(channel)) if (source.wish > 0) source.ask();
  }

  /** It gave `counts` of what was wanted. */
  answered(wanted: readonly Wanted[], counts: ReadonlyMap<string, number>): void {
    for (const { channel, room } of wanted)
      for (const source of this.of(channel)) source.answered((counts.get(channel) ?? 0) < room);
  }

  /** No answer came. */
  unanswered(): void {
    for (const source of this.all) source.answered(false);
  }
}

import type { Message } from '../message/message.js';
import type { Announcer } from '../observe/announcer.js';
import type { DropReason } from '../observe/events.js';
import type { ChannelStats } from '../observe/stats.js';
import type { ResolvedChannelOptions } from './channel.options.js';

/** A channel is saturated from this share of its bound up, */
const SATURATED_AT = 0.8;
/** and has eased below this one; the gap keeps it from announcing both by turns. */
const EASED_AT = 0.5;

/**
 * The accounts of one channel. They balance: what was put was accepted, refused or dropped on entry; what was accepted was taken,
 * slid, expired, is left over or still lies there.
 */
export class ChannelBooks {
  accepted = 0;
  refused = 0;
  taken = 0;
  leftOver = 0;
  private readonly drops: Partial<Record<DropReason, number>> = {};
  isSaturated = false;
  private readonly saturatedFrom: number;
  private readonly easedFrom: number;

  constructor(
    private readonly name: string,
    private readonly options: ResolvedChannelOptions,
    private readonly announcer: Announcer,
  ) {
    const bound = options.buffer > 0 ? options.buffer : options.maxPendingPuts;
    this.saturatedFrom = Math.ceil(bound * SATURATED_AT);
    this.easedFrom = Math.floor(bound * EASED_AT);
  }

  drop(message: Message, reason: DropReason): void {
    this.drops[reason] = (this.drops[reason] ?? 0) + 1;
    const topic = this.announcer.topic('workers.drop');
    if (!topic.isHeard) return;
    topic.announce({ channel: this.name, reason, messageId: message.id, ...this.announcer.shown(message) });
  }

  /** Something came in; `load` lies there now. */
  filled(load: number): void {
    if (load >= this.saturatedFrom && !this.isSaturated) this.turn(true, load);
  }

  /** Something went out; `load` lies there now. */
  eased(load: number): void {
    if (this.isSaturated && load <= this.easedFrom) this.turn(false, load);
  }

  snapshot(depth: number, pendingPuts: number, oldestAgeMs: number): Omit<ChannelStats, 'isPaused'> {
    return {
      depth,
      capacity: this.options.buffer,
      pendingPuts,
      maxPendingPuts: this.options.maxPendingPuts,
      accepted: this.accepted,
      refused: this.refused,
      taken: this.taken,
      drops: { ...this.drops },
      leftOver: this.leftOver,
      oldestAgeMs,
      isSaturated: this.isSaturated,
    };
  }

  private turn(isSaturated: boolean, depth: number): void {
    this.isSaturated = isSaturated;
    const state = isSaturated ? 'entered' : 'left';
    const capacity = this.options.buffer > 0 ? this.options.buffer : this.options.maxPendingPuts;
    this.announcer.announce('workers.saturation', { channel: this.name, state, depth, capacity });
  }
}

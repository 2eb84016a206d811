import type { Channel } from '../channel/channel.js';
import type { Clock, Timer } from '../lifecycle/clock.js';
import type { Announcer } from './announcer.js';

/** How often ages are looked at. */
const CHECK_EVERY_MS = 1_000;

/**
 * Watches how long the oldest message of each channel waits, and announces starvation when it begins and when it ends.
 *
 * Saturation needs no watching: the channel's books see it at every put and take.
 */
export class StarvationWatch {
  private timer: Timer | undefined;
  private readonly starving = new Set<Channel>();

  constructor(
    private readonly channels: Iterable<Channel>,
    private readonly afterMs: number,
    private readonly clock: Clock,
    private readonly announcer: Announcer,
  ) {}

  start(): void {
    this.timer = this.clock.after(Math.min(CHECK_EVERY_MS, this.afterMs), () => {
      for (const channel of this.channels) this.check(channel);
      this.start();
    });
    this.timer.hold(false);
  }

  stop(): void {
    this.timer?.cancel();
  }

  private check(channel: Channel): void {
    const oldestAgeMs = channel.oldestAgeMs();
    const isStarving = oldestAgeMs > this.afterMs;
    if (isStarving === this.starving.has(channel)) return;
    if (isStarving) this.starving.add(channel);
    else this.starving.delete(channel);
    this.announcer.announce('workers.starvation', {
      channel: channel.name,
      state: isStarving ? 'entered' : 'left',
      oldestAgeMs,
    });
  }
}

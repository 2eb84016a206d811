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
  private watch: 'idle' | Timer | 'stopped' = 'idle';
  private readonly starving = new Set<Channel>();

  constructor(
    private readonly channels: Iterable<Channel>,
    private readonly afterMs: number,
    private readonly clock: Clock,
    private readonly announcer: Announcer,
  ) {}

  /** The channels whose messages wait too long, as far as it was last looked. */
  get names(): readonly string[] {
    return [...this.starving].map(({ name }) => name);
  }

  /** Harmless when it was started, or stopped, already. */
  start(): void {
    if (this.watch === 'idle') this.checkLater();
  }

  stop(): void {
    if (typeof this.watch === 'object') this.watch.cancel();
    this.watch = 'stopped';
  }

  private checkLater(): void {
    this.watch = this.clock.after(Math.min(CHECK_EVERY_MS, this.afterMs), () => {
      this.checkLater();
      for (const channel of this.channels) this.check(channel);
    });
    this.watch.hold(false);
  }

  private check(channel: Channel): void {
    const oldestAgeMs = channel.oldestAgeMs();
    const isStarving = oldestAgeMs > this.afterMs && !channel.isPaused;
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

import type { Clock } from '@nestjs-workers/core/extension';

/** At most one word to the other hosts in this time; a word costs the database more than an insert does. */
const QUIET_MS = 20;

/**
 * Tells other processes that there is something to claim: the first word at once, then at most one every 20 ms, with all channels that were
 * named meanwhile.
 */
export class Bell {
  private readonly named = new Set<string>();
  private isQuiet = false;

  constructor(
    private readonly tell: (channels: readonly string[]) => Promise<void>,
    private readonly clock: Clock,
    private readonly onFault: (error: unknown) => void,
  ) {}

  ring(channel: string): void {
    this.named.add(channel);
    if (!this.isQuiet) this.say();
  }

  private say(): void {
    if (this.named.size === 0) return;
    const channels = [...this.named];
    this.named.clear();
    this.isQuiet = true;
    this.tell(channels).catch(this.onFault);
    this.clock
      .after(QUIET_MS, () => {
        this.isQuiet = false;
        this.say();
      })
      .hold(false);
  }
}

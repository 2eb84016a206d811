import type { Clock, Timer } from '@nestjs-workers/core/extension';

/** At most one word to the other hosts in this time; a word costs the database more than an insert does. */
const QUIET_MS = 20;

/**
 * Tells other processes that there is something to claim: the first word at once, then at most one every 20 ms, with all channels that were
 * named meanwhile. At the stop what is named is told at once, and from then on nothing.
 */
export class Bell {
  private readonly named = new Set<string>();
  private quiet: Timer | undefined;
  private isStopped = false;
  private telling: Promise<void> = Promise.resolve();

  constructor(
    private readonly tell: (channels: readonly string[]) => Promise<void>,
    private readonly clock: Clock,
    private readonly onFault: (error: unknown) => void,
  ) {}

  ring(channel: string): void {
    if (this.isStopped) return;
    this.named.add(channel);
    if (this.quiet === undefined) this.say();
  }

  /** Resolves when the last word is said: the store may be closed then. */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.quiet?.cancel();
    await this.telling;
    await this.tellNamed();
  }

  private say(): void {
    if (this.named.size === 0) return;
    this.telling = this.tellNamed();
    this.quiet = this.clock.after(QUIET_MS, () => {
      this.quiet = undefined;
      this.say();
    });
    this.quiet.hold(false);
  }

  private async tellNamed(): Promise<void> {
    if (this.named.size === 0) return;
    const channels = [...this.named];
    this.named.clear();
    await this.tell(channels).catch(this.onFault);
  }
}

import type { Host } from '../../store/store.js';
import type { MemoryMessage } from './memory.message.js';

/** A host as a memory store sees it: seated until it leaves, dies or loses its seat. */
export class MemoryHost {
  state: 'seated' | 'killed' | 'gone' = 'seated';
  readonly claims = new Set<MemoryMessage>();

  constructor(
    readonly id: number,
    readonly host: Host,
    private aliveAtMs: number,
  ) {}

  get name(): string {
    return this.host.name;
  }

  get isSeated(): boolean {
    return this.state === 'seated';
  }

  isDead(nowMs: number): boolean {
    return this.state === 'killed' || nowMs - this.aliveAtMs > this.host.leaseMs;
  }

  showLife(nowMs: number): void {
    this.aliveAtMs = nowMs;
  }

  /** Calls a callback of the host when the verb is over, which is as late as a host in another process hears of anything. */
  tell(say: (host: Host) => void): void {
    queueMicrotask(() => {
      if (this.state === 'killed') return;
      try {
        say(this.host);
      } catch (error) {
        this.host.onFault(error);
      }
    });
  }
}

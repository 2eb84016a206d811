import { setImmediate } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { WorkersApplication } from '../workers.application.js';
import { type Judgement, liveness, type LivenessOptions, readiness, type ReadinessOptions } from './judgement.js';

/**
 * How the workers are, for `HealthCheckService.check`. Provide it beside `TerminusModule`.
 *
 * `up`; `degraded`, which is told and fails no check; `down`. Looking costs the messages nothing.
 *
 * @example
 * health.check([() => workers.liveness()]); // start me anew when this is down
 * health.check([() => workers.readiness()]); // give me no work while this is down
 */
@Injectable()
export class WorkersHealthIndicator {
  constructor(
    @Inject(WorkersApplication) private readonly application: WorkersApplication,
    @Inject(HealthIndicatorService) private readonly indicator: HealthIndicatorService,
  ) {}

  /** Whether loops and relays are alive. Nothing that others cause (overload, a store that is away) makes it `down`. */
  async liveness<const Key extends string = 'workers'>(
    key?: Key,
    options?: LivenessOptions,
  ): Promise<HealthIndicatorResult<Key>> {
    const stalled = await this.stalled();
    return this.told(key, liveness(this.application.stats(), stalled, options));
  }

  /** Whether it should be given work: it runs, is not draining, has room, and its store answers. */
  async readiness<const Key extends string = 'workers'>(
    key?: Key,
    options?: ReadinessOptions,
  ): Promise<HealthIndicatorResult<Key>> {
    return this.told(key, readiness(this.application.stats(), this.application.starving(), options));
  }

  private told<Key extends string>(key: Key | undefined, { status, reasons }: Judgement): HealthIndicatorResult<Key> {
    const { state } = this.application.supervisor;
    const data: Record<string, unknown> = reasons.length === 0 ? { state } : { state, reasons };
    const session = this.indicator.check((key ?? 'workers') as Key);
    if (status === 'up') return session.up(data);
    return status === 'down' ? session.down(data) : session.degraded(data);
  }

  /** Those that had nothing in flight and did not take what lay in memory for them, over two turns of the event loop. */
  private async stalled(): Promise<readonly string[]> {
    const before = this.idleThoughWaitedFor();
    if (before.size === 0) return [];
    await setImmediate();
    await setImmediate();
    const after = this.idleThoughWaitedFor();
    return [...before].filter(([name, taken]) => after.get(name) === taken).map(([name]) => name);
  }

  /** With how many messages its channel has given away, as a sign of life. */
  private idleThoughWaitedFor(): Map<string, number> {
    const found = new Map<string, number>();
    for (const worker of this.application.open().workers) {
      const { crew, in: channel } = worker;
      if (channel.isShared || channel.isEmpty || channel.isPaused) continue;
      const { state, inFlight, unsettled } = worker.stats();
      if (state === 'running' && inFlight + unsettled === 0) found.set(crew.name, channel.stats().taken);
    }
    return found;
  }
}

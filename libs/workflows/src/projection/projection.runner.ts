import { type Clock, WorkersStoppingError } from '@nestjs-workers/core';
import type { Timer } from '@nestjs-workers/core/extension';
import type { Blueprint } from '../decider/blueprint.js';
import { eventOf } from '../decider/replay.js';
import type { LoggedEvent, Position, WorkflowStore } from '../store/store.js';
import { EventUnreadableError, ProjectionWaitingError } from '../workflows.errors.js';
import type { ProjectedEvent, ProjectionContext, ProjectionHandler, RebuildProgress } from './projection.js';
import type { ProjectionRecord } from './projection.decorator.js';

/** What a runner lives from. */
export interface RunnerParts {
  readonly record: ProjectionRecord;
  readonly handler: () => ProjectionHandler;
  readonly store: WorkflowStore;
  readonly blueprints: ReadonlyMap<string, Blueprint>;
  readonly clock: Clock;
  readonly everyMs: number;
  readonly onFault: (source: string, error: unknown) => void;
}

/** The longest wait after failures. */
const LONGEST_WAIT_MS = 60_000;

/** After this time a turn that has not begun is told of. */
const LONG_MS = 10_000;

/** What one turn came to: how many events were shown, or that another host is the runner. */
type Turned = { readonly shown: number; readonly last: LoggedEvent | undefined } | 'elsewhere';

/**
 * Shows one projection its events, on this host or not at all while another one does.
 *
 * States: `idle` -> `running` -> `stopped`.
 */
export class ProjectionRunner {
  private state: 'idle' | 'running' | 'stopped' = 'idle';
  private failures = 0;
  private looping: Promise<void> | undefined;
  private goOn: () => unknown = () => {};
  private isWoken = false;
  /** The turns of the loop and those of a rebuild, one after the other. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly parts: RunnerParts) {}

  get name(): string {
    return this.parts.record.name;
  }

  start(): void {
    if (this.state !== 'idle') return;
    this.state = 'running';
    this.looping = this.loop();
  }

  async stop(): Promise<void> {
    this.state = 'stopped';
    this.wake();
    await this.looping;
    await this.last.catch(() => {});
  }

  /** Something may have been committed. */
  wake(): void {
    this.isWoken = true;
    this.goOn();
  }

  /** Builds it anew from the first event, up to what is there now; resolves with how many events that were. */
  async rebuild(onProgress: (progress: RebuildProgress) => void): Promise<number> {
    const { store } = this.parts;
    let events = 0;
    let isBegun = false;
    // Should the application die between reset and the first batch, it is shown all of them by whoever goes on.
    await store.rewind(this.name);
    for (;;) {
      if (this.state === 'stopped') throw new WorkersStoppingError(`Projection "${this.name}" was to be built anew`);
      const turned = await this.turn({ isRebuild: true, isFirst: !isBegun });
      if (turned === 'elsewhere') await this.pause(this.parts.everyMs);
      else {
        isBegun = true;
        events += turned.shown;
        if (turned.last !== undefined) onProgress({ events, at: new Date(turned.last.createdAtMs) });
        if (turned.shown < this.parts.record.batch) return events;
      }
    }
  }

  private async loop(): Promise<void> {
    while (this.state === 'running') {
      this.isWoken = false;
      const waitMs = await this.waitAfterTurn();
      if (this.state === 'running' && waitMs > 0 && !this.isWoken) await this.pause(waitMs);
    }
  }

  private async waitAfterTurn(): Promise<number> {
    const { record, everyMs, onFault } = this.parts;
    try {
      const turned = await this.turn({ isRebuild: false, isFirst: false });
      this.failures = 0;
      return turned !== 'elsewhere' && turned.shown >= record.batch ? 0 : everyMs;
    } catch (error) {
      this.failures++;
      onFault(`projection "${this.name}"`, error);
      // A failure is not waited for any shorter because something else was committed.
      await this.pause(Math.min(everyMs * 2 ** (this.failures - 1), LONGEST_WAIT_MS), 'to the end');
      return 0;
    }
  }

  private turn(kind: { readonly isRebuild: boolean; readonly isFirst: boolean }): Promise<Turned> {
    const done = this.last.catch(() => {}).then(() => this.turnAlone(kind));
    this.last = done;
    return done;
  }

  private async turnAlone({ isRebuild, isFirst }: { isRebuild: boolean; isFirst: boolean }): Promise<Turned> {
    const { store, record, handler } = this.parts;
    let turned: Turned = 'elsewhere';
    const waiting = this.waiting();
    const projected = store.project(record.name, async (from, eventsAfter): Promise<Position | undefined> => {
      waiting.cancel();
      if (isFirst) await handler().reset?.();
      const events = await eventsAfter(isFirst ? undefined : from, record.workflows, record.batch);
      if (events.length > 0)
        await handler().project(this.shown(events), { projection: record.name, isRebuild } satisfies ProjectionContext);
      turned = { shown: events.length, last: events.at(-1) };
      return turned.last?.position;
    });
    await projected.finally(() => waiting.cancel());
    return turned;
  }

  /** Tells of a turn that does not come; once for each. */
  private waiting(): Timer {
    const { clock, onFault } = this.parts;
    const timer = clock.after(LONG_MS, () =>
      onFault(`projection "${this.name}"`, new ProjectionWaitingError(this.name, LONG_MS)),
    );
    timer.hold(false);
    return timer;
  }

  private shown(events: readonly LoggedEvent[]): ProjectedEvent[] {
    return events.map((logged) => {
      const { workflow, id, sequence, createdAtMs } = logged;
      try {
        const event = eventOf(this.parts.blueprints.get(workflow) as Blueprint, logged);
        return { workflow, id, sequence, at: new Date(createdAtMs), event };
      } catch (error) {
        throw new EventUnreadableError(workflow, id, sequence, error);
      }
    });
  }

  private pause(ms: number, until: 'woken' | 'to the end' = 'woken'): Promise<void> {
    if (this.state === 'stopped') return Promise.resolve();
    return new Promise((resolve) => {
      const over = (): void => {
        timer.cancel();
        this.goOn = () => {};
        resolve();
      };
      const timer = this.parts.clock.after(ms, over);
      timer.hold(false);
      this.goOn = () => (until === 'woken' || this.state === 'stopped') && over();
    });
  }
}

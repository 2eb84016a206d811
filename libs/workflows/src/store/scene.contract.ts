import { until } from '@nestjs-workers/core/testing';
import type { Claimed, Seat, Store } from '@nestjs-workers/outbox/extension';
import { expect, onTestFinished } from 'vitest';
import { commitOf, inputOf, ORDER } from '../fixtures/commits.js';
import type { Commit, Committed, FiredTimer, LoggedEvent, StoredEvent, WorkflowStore } from './store.js';

/** What a workflow store needs to be tested. `fresh` gives data that no other test sees and in which nothing was ever made. */
export interface WorkflowHarness {
  fresh(): Promise<WorkflowBench>;
}

export interface WorkflowBench {
  /** Not opened yet. */
  readonly outbox: Store;
  /** The same data as another process has it; not opened yet. */
  another(): Store;
  workflowStore(outbox: Store): WorkflowStore;
  /** Time passes for the data: its clock is moved on, or all times in it are moved back. */
  elapse(ms: number): Promise<void>;
  close(): Promise<void>;
}

export const HOUR_MS = 3_600_000;
/** One test of a workflow store: opened, and closed when the test is over. */
export class Scene {
  private seat: Promise<Seat> | undefined;

  private constructor(
    readonly bench: WorkflowBench,
    readonly outbox: Store,
    readonly store: WorkflowStore,
  ) {}

  static async of(harness: WorkflowHarness): Promise<Scene> {
    const scene = await Scene.unopened(harness);
    await scene.store.open({ migrate: true });
    return scene;
  }

  /** The outbox is open, the workflow store is not. */
  static async unopened(harness: WorkflowHarness): Promise<Scene> {
    const bench = await harness.fresh();
    onTestFinished(() => bench.close());
    await bench.outbox.open({ migrate: true });
    return new Scene(bench, bench.outbox, bench.workflowStore(bench.outbox));
  }

  /** The workflow store of another process. */
  async another(): Promise<WorkflowStore> {
    const outbox = this.bench.another();
    await outbox.open({ migrate: false });
    const store = this.bench.workflowStore(outbox);
    await store.open({ migrate: false });
    return store;
  }

  commit(said: Partial<Commit> = {}): Promise<Committed> {
    return this.store.commit(commitOf(said));
  }

  /** Commits something that nothing stands in the way of. */
  async committed(said: Partial<Commit> = {}): Promise<void> {
    expect(await this.commit(said)).toEqual({ type: 'committed' });
  }

  /**
   * The log, when it has `count` events or more: one is in it as soon as no older transaction of the whole server is open, and other tests
   * have theirs.
   */
  async logged(count: number, workflows: readonly string[] = ['order']): Promise<readonly LoggedEvent[]> {
    let events: readonly LoggedEvent[] = [];
    const isThere = async (): Promise<boolean> =>
      (events = await this.store.eventsAfter(undefined, workflows, 10_000)).length >= count;
    await until(isThere, '20s');
    return events;
  }

  async types(id = 'o1', workflow = 'order'): Promise<(string | null)[]> {
    return typesOf((await this.store.load({ workflow, id }, undefined)).events);
  }

  /** What can be claimed of a channel; it is not given back. */
  async claim(channel = 'effects'): Promise<readonly Claimed[]> {
    const nothing = (): void => {};
    const said = { onWake: nothing, onFinished: nothing, onLost: nothing, onFault: nothing };
    this.seat ??= this.outbox.enroll({ name: 'test', leaseMs: 24 * HOUR_MS, ...said });
    return this.outbox.claim(await this.seat, [{ channel, room: 10_000 }]);
  }

  async payloads(channel = 'effects'): Promise<string[]> {
    return (await this.claim(channel)).map(({ payload }) => payload);
  }

  /** Fires what is due; returns the timers. */
  async fire(workflows: readonly string[] = ['order'], limit = 100): Promise<readonly FiredTimer[]> {
    const fired: FiredTimer[] = [];
    const { count } = await this.store.fire(workflows, limit, (timer) => {
      fired.push(timer);
      return inputOf(timer);
    });
    expect(count).toBe(fired.length);
    return fired;
  }

  async timerKeys(id = 'o1'): Promise<string[]> {
    return (await this.store.timers({ ...ORDER, id })).map(({ key }) => key);
  }
}

export const typesOf = (events: readonly StoredEvent[]): (string | null)[] => events.map(({ type }) => type);

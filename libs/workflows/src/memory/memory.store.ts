import type { NewMessage, Store } from '@nestjs-workers/outbox/extension';
import type {
  Commit,
  Committed,
  Fired,
  FiredTimer,
  Instance,
  InstanceQuery,
  InstanceRow,
  Loaded,
  LoggedEvent,
  PendingTimer,
  Position,
  ProjectionWork,
  Snapshot,
  StoredEvent,
  WorkflowStore,
} from '../store/store.js';
import { MemoryInstance, MemoryLog } from './memory.log.js';

/** What it needs of the outbox's memory store, which lies among that package's test tools and is never imported here. */
export interface MemoryOutbox extends Store {
  now(): number;
  begin(): MemoryTransaction;
}

interface MemoryTransaction {
  readonly dialect: string;
  /** What all stores on the same data have in common. */
  readonly data: object;
  run(sql: string): never;
  commit(): void;
  rollback(): void;
  write(commit: () => void): void;
}

/** The logs of memory stores: two stores on the same data, as two hosts have them, share one. */
const LOGS = new WeakMap<object, MemoryLog>();

/**
 * The workflow store in memory, beside the outbox's: for tests, and the model that the others are compared with.
 *
 * Each verb that writes runs alone, from beginning to end: that is its transaction.
 */
export class MemoryWorkflowStore implements WorkflowStore {
  readonly kind = 'memory';
  readonly migrations = NO_MIGRATIONS;
  private readonly log: MemoryLog;

  constructor(private readonly outbox: MemoryOutbox) {
    const probe = outbox.begin();
    const { data } = probe;
    probe.rollback();
    this.log = LOGS.get(data) ?? new MemoryLog();
    LOGS.set(data, this.log);
  }

  async open(): Promise<void> {}

  async load(instance: Instance, schema: number | undefined): Promise<Loaded> {
    const found = this.log.find(instance);
    const kept = found?.snapshot;
    const snapshot = kept !== undefined && kept.schema === schema ? kept : undefined;
    return {
      version: found?.events.length ?? 0,
      isCompleted: found?.state === 'completed',
      snapshot,
      events: found?.events.slice(snapshot?.version ?? 0) ?? [],
      nowMs: this.outbox.now(),
    };
  }

  commit(commit: Commit): Promise<Committed> {
    return this.log.alone(async () => {
      const transaction = this.outbox.begin();
      const verdict = await this.verdict(commit, transaction);
      if (verdict.type !== 'committed') {
        transaction.rollback();
        return verdict;
      }
      await this.outbox.append(commit.effects, transaction);
      transaction.write(() => this.write(commit));
      transaction.commit();
      return verdict;
    });
  }

  async keepSnapshot(instance: Instance, snapshot: Snapshot): Promise<void> {
    const found = this.log.find(instance);
    if (found !== undefined) this.keep(found, snapshot);
  }

  fire(workflows: readonly string[], limit: number, messageOf: (timer: FiredTimer) => NewMessage): Promise<Fired> {
    return this.log.alone(async () => {
      const nowMs = this.outbox.now();
      const set = this.log.timersOf(workflows).filter(({ timer }) => !timer.isFired);
      const due = set.filter(({ timer }) => timer.dueAtMs <= nowMs).slice(0, limit);
      const fired = due.map(({ instance: { workflow, id }, timer }) => messageOf({ workflow, id, ...timer }));
      await this.outbox.append(fired);
      for (const { instance, timer } of due) instance.timers.set(timer.key, { ...timer, isFired: true });
      const next = set[due.length]?.timer.dueAtMs;
      return { count: due.length, nextDueMs: next === undefined ? undefined : Math.max(0, next - nowMs) };
    });
  }

  async history(instance: Instance, { after, limit }: { readonly after: number; readonly limit: number }) {
    return this.log.find(instance)?.events.slice(after, after + limit) ?? [];
  }

  async timers(instance: Instance): Promise<readonly PendingTimer[]> {
    const timers = [...(this.log.find(instance)?.timers.values() ?? [])];
    return timers.toSorted((one, other) => one.dueAtMs - other.dueAtMs);
  }

  async list(
    { workflow, state }: InstanceQuery,
    { limit, before = Infinity }: { readonly limit: number; readonly before?: number },
  ): Promise<readonly InstanceRow[]> {
    return this.log
      .instances()
      .filter((one) => (workflow ?? one.workflow) === one.workflow && (state ?? one.state) === one.state)
      .filter(({ number }) => number < before)
      .toReversed()
      .slice(0, limit)
      .map((one) => one.toRow());
  }

  async eventsAfter(
    position: Position | undefined,
    workflows: readonly string[],
    limit: number,
  ): Promise<readonly LoggedEvent[]> {
    return this.log.after(position === undefined ? 0 : Number(position), workflows, limit);
  }

  async checkpoint(projection: string): Promise<Position | undefined> {
    return this.log.checkpoints.get(projection);
  }

  async project(projection: string, work: ProjectionWork): Promise<boolean> {
    const { running, checkpoints } = this.log;
    if (running.has(projection)) return false;
    running.add(projection);
    try {
      const reached = await work(checkpoints.get(projection), (...asked) => this.eventsAfter(...asked));
      if (reached !== undefined) checkpoints.set(projection, reached);
    } finally {
      running.delete(projection);
    }
    return true;
  }

  async rewind(projection: string): Promise<void> {
    this.log.checkpoints.delete(projection);
  }

  /** What stands in the way of a commit, in the order in which it counts. */
  private async verdict(commit: Commit, transaction: MemoryTransaction): Promise<Committed> {
    const { instance, version, firedTimer, uniqueKey, once } = commit;
    const found = this.log.find(instance);
    if (once !== null && !(await this.outbox.once(once, transaction))) return { type: 'repeated' };
    if ((found?.events.length ?? 0) !== version || found?.state === 'completed') return { type: 'conflict' };
    if (firedTimer !== undefined && found?.timers.get(firedTimer.key)?.generation !== firedTimer.generation)
      return { type: 'timer-gone' };
    const holder = uniqueKey === null || version > 0 ? undefined : this.log.holderOf(instance.workflow, uniqueKey);
    return holder === undefined ? { type: 'committed' } : { type: 'key-taken', by: holder.id };
  }

  private write(commit: Commit): void {
    const { instance, events, timers, cancelled, completes, firedTimer, snapshot, uniqueKey, input } = commit;
    if (events.length === 0 && this.log.find(instance) === undefined) return;
    const nowMs = this.outbox.now();
    const found = this.log.find(instance) ?? this.log.begin(instance, uniqueKey, nowMs);
    for (const event of events) {
      const stored: StoredEvent = { ...event, sequence: found.events.length + 1, input, createdAtMs: nowMs };
      found.events.push(stored);
      this.log.add(found, stored);
    }
    if (events.length > 0) found.changedAtMs = nowMs;
    for (const key of [...cancelled, ...(firedTimer === undefined ? [] : [firedTimer.key])]) found.timers.delete(key);
    for (const { key, input: text, delayMs } of timers) {
      const dueAtMs = nowMs + delayMs;
      found.timers.set(key, { key, input: text, dueAtMs, generation: this.log.nextGeneration(), isFired: false });
    }
    if (completes) found.complete();
    else if (snapshot !== undefined) this.keep(found, snapshot);
  }

  private keep(found: MemoryInstance, snapshot: Snapshot): void {
    const kept = found.snapshot;
    if (kept === undefined || kept.schema !== snapshot.schema || kept.version < snapshot.version)
      found.snapshot = snapshot;
  }
}

const NO_MIGRATIONS = {
  status: () => Promise.resolve([]),
  run: () => Promise.resolve([]),
  sql: () => '-- The memory store has no tables.\n',
};

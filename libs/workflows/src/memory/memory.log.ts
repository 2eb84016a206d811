import type {
  Instance,
  InstanceRow,
  LoggedEvent,
  PendingTimer,
  Position,
  Snapshot,
  StoredEvent,
} from '../store/store.js';

/** One instance as it lies in memory. */
export class MemoryInstance implements Instance {
  readonly events: StoredEvent[] = [];
  readonly timers = new Map<string, PendingTimer>();
  snapshot: Snapshot | undefined;
  state: 'running' | 'completed' = 'running';
  changedAtMs: number;

  constructor(
    readonly workflow: string,
    readonly id: string,
    readonly number: number,
    readonly uniqueKey: string | null,
    private readonly startedAtMs: number,
  ) {
    this.changedAtMs = startedAtMs;
  }

  complete(): void {
    this.state = 'completed';
    this.timers.clear();
  }

  toRow(): InstanceRow {
    const { workflow, id, number, state, startedAtMs, changedAtMs, events } = this;
    return { workflow, id, number, state, startedAtMs, changedAtMs, version: events.length };
  }
}

/** What memory stores on the same data share: every event of every instance, in the order of their commits. */
export class MemoryLog {
  readonly checkpoints = new Map<string, Position>();
  /** The projections that somebody runs now. */
  readonly running = new Set<string>();
  private readonly byName = new Map<string, MemoryInstance>();
  private readonly logged: LoggedEvent[] = [];
  private generation = 0;
  private last: Promise<unknown> = Promise.resolve();

  /** Runs `work` when nobody else writes. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.last.then(work);
    this.last = done.catch(() => {});
    return done;
  }

  find({ workflow, id }: Instance): MemoryInstance | undefined {
    return this.byName.get(`${workflow}\u0000${id}`);
  }

  begin({ workflow, id }: Instance, uniqueKey: string | null, nowMs: number): MemoryInstance {
    const begun = new MemoryInstance(workflow, id, this.byName.size + 1, uniqueKey, nowMs);
    this.byName.set(`${workflow}\u0000${id}`, begun);
    return begun;
  }

  /** The oldest first. */
  instances(): MemoryInstance[] {
    return [...this.byName.values()];
  }

  holderOf(workflow: string, uniqueKey: string): MemoryInstance | undefined {
    return this.instances().find(
      (one) => one.workflow === workflow && one.uniqueKey === uniqueKey && one.state === 'running',
    );
  }

  add({ workflow, id }: Instance, event: StoredEvent): void {
    this.logged.push({ ...event, workflow, id, position: String(this.logged.length + 1) });
  }

  after(position: number, workflows: readonly string[], limit: number): LoggedEvent[] {
    return this.logged
      .slice(position)
      .filter(({ workflow }) => workflows.includes(workflow))
      .slice(0, limit);
  }

  /** In the order in which they are due. */
  timersOf(workflows: readonly string[]): { readonly instance: MemoryInstance; readonly timer: PendingTimer }[] {
    return this.instances()
      .filter(({ workflow }) => workflows.includes(workflow))
      .flatMap((instance) => [...instance.timers.values()].map((timer) => ({ instance, timer })))
      .toSorted((one, other) => one.timer.dueAtMs - other.timer.dueAtMs);
  }

  nextGeneration(): number {
    return ++this.generation;
  }
}

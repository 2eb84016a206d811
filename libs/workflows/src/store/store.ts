import type { Migrations, NewMessage } from '@nestjs-workers/outbox/extension';

/**
 * The workflow store: where the history of every instance lies. It stands on the store of the outbox, in the same database, so that what
 * was decided and what is to be done about it are one commit.
 *
 * An instance is begun by its first commit, is running until a decision completes it, and is then completed for ever. Its events are
 * numbered from 1 without a gap; its version is the number of its last event.
 *
 * ```
 * timer:  (none) --set--> set --fire--> fired --its input is decided--> (gone)
 *           ^  ^___cancel___|  |__________cancel, set again__________|
 * ```
 *
 * Promises, of every workflow store:
 * - A commit is one transaction: events, effects, timers, completion, snapshot, or nothing of it.
 * - Two commits of one instance that both expect the same version: one is committed, the other is told of the conflict and wrote nothing.
 * - A timer that was cancelled, or set again, before its input was decided does not happen, even when it had fired already.
 * - All times are read from the store's own clock.
 * - `eventsAfter` never passes over an event that another transaction commits later with a smaller position.
 *
 * Does not promise: that a timer is exact. It is never early; how late it is depends on how busy the hosts are.
 *
 * Invariant: the events of an instance, replayed from its initial state, are its state; a snapshot only saves time.
 */
export interface WorkflowStore {
  /** `postgres`, `sqlite`, `memory`: stands in errors. */
  readonly kind: string;
  readonly migrations: Migrations;

  /** Makes the store usable. The outbox's store is open already. @throws StoreOutdatedError, StoreTooNewError */
  open(options: { readonly migrate: boolean }): Promise<void>;

  /**
   * What a decision needs: the newest snapshot of this schema and the events after it; everything, when there is none.
   *
   * @param schema of the snapshots that this code understands; older ones are passed over. Undefined: no snapshot is wanted.
   */
  load(instance: Instance, schema: number | undefined): Promise<Loaded>;
  /** Appends what was decided, if nobody else did since it was loaded. */
  commit(commit: Commit): Promise<Committed>;
  /** Keeps a snapshot beside the events, for later; one that is older than what is there is left out. */
  keepSnapshot(instance: Instance, snapshot: Snapshot): Promise<void>;

  /**
   * Turns at most `limit` due timers of these workflows into messages on their channels of inputs, in one transaction, and tells when the
   * next one is due.
   *
   * @param messageOf what is put for one of them; called for each, synchronously
   */
  fire(workflows: readonly string[], limit: number, messageOf: (timer: FiredTimer) => NewMessage): Promise<Fired>;

  /** The events of one instance, the oldest first. */
  history(
    instance: Instance,
    page: { readonly after: number; readonly limit: number },
  ): Promise<readonly StoredEvent[]>;
  /** The timers that are set or have fired and wait to be decided, in the order in which they are due. */
  timers(instance: Instance): Promise<readonly PendingTimer[]>;
  /** Instances, the latest begun first. */
  list(
    query: InstanceQuery,
    page: { readonly limit: number; readonly before?: number },
  ): Promise<readonly InstanceRow[]>;

  /**
   * Events of these workflows in the order of the log, after a position or from the beginning; only those before which nothing can be
   * committed any more.
   */
  eventsAfter(
    position: Position | undefined,
    workflows: readonly string[],
    limit: number,
  ): Promise<readonly LoggedEvent[]>;
  /** Where a projection is; undefined when it never began. */
  checkpoint(projection: string): Promise<Position | undefined>;
  /**
   * Runs `work` for a projection as its only runner over all hosts, and records the position that it returns, also one that lies before
   * where it was. False when another host is its runner now; `work` was not called. How many run at a time in one process is for the store
   * to say; the others wait.
   */
  project(projection: string, work: ProjectionWork): Promise<boolean>;
  /** Sets a projection back to the beginning. */
  rewind(projection: string): Promise<void>;
}

/** One instance of a workflow. */
export interface Instance {
  readonly workflow: string;
  readonly id: string;
}

export interface Loaded {
  /** The number of the last event; 0 for an instance that never began. */
  readonly version: number;
  readonly isCompleted: boolean;
  readonly snapshot: Snapshot | undefined;
  /** After the snapshot, or all; the oldest first. */
  readonly events: readonly StoredEvent[];
  /** The store's clock, in milliseconds since 1970. */
  readonly nowMs: number;
}

export interface Snapshot {
  /** The event after which the state was like this. */
  readonly version: number;
  /** Of the state's shape: another number, and the snapshot is of no use. */
  readonly schema: number;
  /** JSON text. */
  readonly state: string;
}

export interface NewEvent {
  /** What it says of itself, for diagrams and projections; null when it says nothing. */
  readonly type: string | null;
  /** Of the event's shape, for upcasting. */
  readonly schema: number;
  /** JSON text. */
  readonly payload: string;
}

export interface StoredEvent extends NewEvent {
  /** In its instance, from 1. */
  readonly sequence: number;
  /** What the commit that brought it said of its input. */
  readonly input: string | null;
  readonly createdAtMs: number;
}

/** Grows along the log. Only compared by the store that made it. */
export type Position = string;

export interface LoggedEvent extends StoredEvent, Instance {
  readonly position: Position;
}

/** Everything that one decision asks for. */
export interface Commit {
  readonly instance: Instance;
  /** As loaded. */
  readonly version: number;
  /** None, when all there is to do is to take the fired timer away: its input was rejected. That begins no instance. */
  readonly events: readonly NewEvent[];
  /** Effects, as messages of durable channels. */
  readonly effects: readonly NewMessage[];
  /** Set, or set again: the older one with the key is no more. */
  readonly timers: readonly NewTimer[];
  /** Keys of timers that are not to happen. Cancelled before those in `timers` are set. */
  readonly cancelled: readonly string[];
  /** No input is decided any more, and no timer happens. */
  readonly completes: boolean;
  /** While an instance of the workflow that is not completed has this key, no other can begin with it; null for none. */
  readonly uniqueKey: string | null;
  /** The fired timer whose input this is. It is gone with the commit, unless `timers` set it again. */
  readonly firedTimer: TimerToken | undefined;
  readonly snapshot: Snapshot | undefined;
  /** What the input is called, for diagrams; recorded with each of the events. Null when it says nothing of itself. */
  readonly input: string | null;
  /** Of the message that carries the input: when something was committed with this key before, nothing is written. Null for none. */
  readonly once: string | null;
}

export type Committed =
  | { readonly type: 'committed' }
  /** Something was committed with the key `once` before; looked at before all else. */
  | { readonly type: 'repeated' }
  /** Somebody else committed since it was loaded. */
  | { readonly type: 'conflict' }
  /** The timer was cancelled or set again in the meantime: its input is not to happen. */
  | { readonly type: 'timer-gone' }
  /** Another instance that is not completed has the unique key. */
  | { readonly type: 'key-taken'; readonly by: string };

export interface NewTimer {
  /** One timer for each key and instance. */
  readonly key: string;
  /** JSON text of the input. */
  readonly input: string;
  readonly delayMs: number;
}

/** One setting of a timer; when it is set again it has another token. */
export interface TimerToken {
  readonly key: string;
  readonly generation: number;
}

export interface FiredTimer extends Instance, TimerToken {
  readonly input: string;
  readonly dueAtMs: number;
}

export interface PendingTimer extends TimerToken {
  readonly input: string;
  readonly dueAtMs: number;
  readonly isFired: boolean;
}

export interface Fired {
  readonly count: number;
  /** From now; undefined when none is set. */
  readonly nextDueMs: number | undefined;
}

export interface InstanceQuery {
  readonly workflow?: string;
  readonly state?: 'running' | 'completed';
}

export interface InstanceRow extends Instance {
  /** For paging: grows with each instance that begins. */
  readonly number: number;
  readonly version: number;
  readonly state: 'running' | 'completed';
  readonly startedAtMs: number;
  readonly changedAtMs: number;
}

/**
 * One turn of a projection, from where it is. Resolves with where it is afterwards; undefined when it did not move.
 *
 * @param eventsAfter as the store's own, by what the runner holds anyway
 */
export type ProjectionWork = (
  from: Position | undefined,
  eventsAfter: WorkflowStore['eventsAfter'],
) => Promise<Position | undefined>;

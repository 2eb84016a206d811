import type { Rows } from '@nestjs-workers/outbox/extension';
import type { FiredTimer, InstanceRow, Loaded, LoggedEvent, PendingTimer, Position, StoredEvent } from './store.js';

type Row = Rows[number];

const asText = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** Databases differ in what they call true. */
const isTrue = (value: unknown): boolean => value === true || value === 1;

export function eventOf(row: Row): StoredEvent {
  return {
    sequence: Number(row['sequence']),
    type: asText(row['type']),
    schema: Number(row['schema']),
    payload: String(row['payload']),
    input: asText(row['input']),
    createdAtMs: Number(row['created_at_ms']),
  };
}

/** The first row is of the instance, also when there is none; the others are of events. */
export function loadedOf([head, ...events]: Rows, schema: number | undefined): Loaded {
  const { version, is_completed, snapshot_version, state, now_ms } = head as Row;
  const snapshot =
    schema === undefined || snapshot_version === null
      ? undefined
      : { version: Number(snapshot_version), schema, state: String(state) };
  return {
    version: Number(version ?? 0),
    isCompleted: isTrue(is_completed),
    snapshot,
    events: events.map(eventOf),
    nowMs: Number(now_ms),
  };
}

export function loggedOf(row: Row, position: Position): LoggedEvent {
  return { ...eventOf(row), workflow: String(row['workflow']), id: String(row['instance']), position };
}

export function firedOf(row: Row): FiredTimer {
  return {
    workflow: String(row['workflow']),
    id: String(row['instance']),
    key: String(row['key']),
    generation: Number(row['generation']),
    input: String(row['input']),
    dueAtMs: Number(row['due_at_ms']),
  };
}

export function timerOf(row: Row): PendingTimer {
  return {
    key: String(row['key']),
    generation: Number(row['generation']),
    input: String(row['input']),
    dueAtMs: Number(row['due_at_ms']),
    isFired: isTrue(row['is_fired']),
  };
}

export function instanceOf(row: Row): InstanceRow {
  return {
    workflow: String(row['workflow']),
    id: String(row['id']),
    number: Number(row['number']),
    version: Number(row['version']),
    state: isTrue(row['is_completed']) ? 'completed' : 'running',
    startedAtMs: Number(row['started_at_ms']),
    changedAtMs: Number(row['changed_at_ms']),
  };
}

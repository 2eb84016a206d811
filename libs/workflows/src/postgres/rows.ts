import type { Rows } from '@nestjs-workers/outbox/extension';
import type { FiredTimer, InstanceRow, Loaded, LoggedEvent, PendingTimer, StoredEvent } from '../store/store.js';
import { write } from './log.js';

type Row = Rows[number];

const asText = (value: unknown): string | null => (typeof value === 'string' ? value : null);

export function eventOf(row: Row): StoredEvent {
  return {
    sequence: Number(row['sequence']),
    type: asText(row['type']),
    schema: Number(row['schema']),
    payload: String(row['payload']),
    input: asText(row['input']),
    createdAtMs: Number(row['created_at']),
  };
}

/** The first row is of the instance. */
export function loadedOf([head, ...events]: Rows, schema: number | undefined): Loaded {
  const { version, is_completed, snapshot_version, state, now } = head as Row;
  const snapshot =
    schema === undefined || snapshot_version === null
      ? undefined
      : { version: Number(snapshot_version), schema, state: String(state) };
  return {
    version: Number(version),
    isCompleted: is_completed === true,
    snapshot,
    events: events.map(eventOf),
    nowMs: Number(now),
  };
}

export function loggedOf(row: Row): LoggedEvent {
  const position = write(row['xid'], row['sequence']);
  return { ...eventOf(row), workflow: String(row['workflow']), id: String(row['instance']), position };
}

export function firedOf(row: Row): FiredTimer {
  return {
    workflow: String(row['workflow']),
    id: String(row['instance']),
    key: String(row['key']),
    generation: Number(row['generation']),
    input: String(row['input']),
    dueAtMs: Number(row['due_at']),
  };
}

export function timerOf(row: Row): PendingTimer {
  return {
    key: String(row['key']),
    generation: Number(row['generation']),
    input: String(row['input']),
    dueAtMs: Number(row['due_at']),
    isFired: row['is_fired'] === true,
  };
}

export function instanceOf(row: Row): InstanceRow {
  return {
    workflow: String(row['workflow']),
    id: String(row['id']),
    number: Number(row['number']),
    version: Number(row['version']),
    state: row['is_completed'] === true ? 'completed' : 'running',
    startedAtMs: Number(row['started_at']),
    changedAtMs: Number(row['changed_at']),
  };
}

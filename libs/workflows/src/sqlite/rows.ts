import type { Rows } from '@nestjs-workers/outbox/extension';
import type { FiredTimer, InstanceRow, LoggedEvent, PendingTimer, StoredEvent } from '../store/store.js';

type Row = Rows[number];

const asText = (value: unknown): string | null => (typeof value === 'string' ? value : null);

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

export function loggedOf(row: Row): LoggedEvent {
  const position = String(row['id']);
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
    isFired: row['fired_at_ms'] !== null,
  };
}

export function instanceOf(row: Row): InstanceRow {
  return {
    workflow: String(row['workflow']),
    id: String(row['id']),
    number: Number(row['number']),
    version: Number(row['version']),
    state: row['is_completed'] === 1 ? 'completed' : 'running',
    startedAtMs: Number(row['started_at_ms']),
    changedAtMs: Number(row['changed_at_ms']),
  };
}

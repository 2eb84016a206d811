import type { Store } from '@nestjs-workers/outbox/extension';
import type { WorkflowStore } from '../store/store.js';
import { PostgresWorkflowStore } from './postgres.workflow.store.js';

/** The workflow store in the schema of an outbox on PostgreSQL. */
export function workflowStore(store: Store): WorkflowStore {
  return new PostgresWorkflowStore(store);
}

import type { Store } from '@nestjs-workers/outbox/extension';
import type { WorkflowStore } from '../store/store.js';
import { SqliteWorkflowStore } from './sqlite.workflow.store.js';

/** The workflow store in the database of an outbox on SQLite. */
export function workflowStore(store: Store): WorkflowStore {
  return new SqliteWorkflowStore(store);
}

import type { Store } from '@nestjs-workers/outbox/extension';
import type { WorkflowStore } from '../store/store.js';
import { type MemoryOutbox, MemoryWorkflowStore } from './memory.store.js';

/** The workflow store beside a memory store of the outbox. */
export function workflowStore(store: Store): WorkflowStore {
  return new MemoryWorkflowStore(store as MemoryOutbox);
}

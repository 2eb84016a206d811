import { ConfigurationError } from '@nestjs-workers/core/plain';
import type { Store } from '@nestjs-workers/outbox/extension';
import type { WorkflowStore } from './store/store.js';

/** The rooms of the stores by the kind of the outbox's; each has a `workflowStore`. */
const ROOMS: Readonly<Record<string, () => Promise<{ workflowStore(store: Store): WorkflowStore }>>> = {
  postgres: () => import('./postgres/index.js'),
  sqlite: () => import('./sqlite/index.js'),
  memory: () => import('./memory/index.js'),
};

/** The workflow store that stands on a store of the outbox; only that one is loaded. @throws (rejects) ConfigurationError */
export async function workflowStoreOn(store: Store): Promise<WorkflowStore> {
  const load = Object.hasOwn(ROOMS, store.kind) ? ROOMS[store.kind] : undefined;
  if (load === undefined)
    throw new ConfigurationError([
      `workflows: expected an outbox with a store of ${Object.keys(ROOMS).join(', ')}, got "${store.kind}". Give OutboxModule one of them.`,
    ]);
  return (await load()).workflowStore(store);
}

import type { StoredEvent, WorkflowStore } from '../store/store.js';
import type { Walk } from './diagram.js';

/** How many events are read at a time. */
const PAGE = 1_000;

/** The histories of the latest instances of a workflow, or of one. */
export async function walksOf(
  store: WorkflowStore,
  workflow: string,
  { instances = 100, id: only }: { readonly instances?: number; readonly id?: string },
): Promise<readonly Walk[]> {
  const rows = only === undefined ? await store.list({ workflow }, { limit: instances }) : [{ id: only }];
  const walks: Walk[] = [];
  for (const { id } of rows) {
    const instance = { workflow, id };
    const events: StoredEvent[] = [];
    for (let page = await store.history(instance, { after: 0, limit: PAGE }); page.length > 0;) {
      events.push(...page);
      page = page.length < PAGE ? [] : await store.history(instance, { after: events.length, limit: PAGE });
    }
    const { isCompleted } = await store.load(instance, undefined);
    if (events.length > 0) walks.push({ id, events, isCompleted });
  }
  return walks;
}

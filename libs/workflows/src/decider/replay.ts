import { performance } from 'node:perf_hooks';
import { EventUnreadableError } from '../workflows.errors.js';
import type { Loaded, Snapshot, StoredEvent } from '../store/store.js';
import type { Blueprint } from './blueprint.js';
import { read } from './wording.js';

/** How long events are replayed before others have their turn on the event loop. */
const SLICE_MS = 5;
/** How many events are replayed between two looks at the time. */
const SLICE_EVENTS = 64;

/** An instance as it was loaded. */
export interface Replayed {
  readonly state: unknown;
  /** How many events were replayed: what a snapshot would have saved. */
  readonly replayed: number;
}

/**
 * The state of what was loaded: its snapshot, or the initial state, with every event after it.
 *
 * @throws (rejects) EventUnreadableError
 */
export async function replay(blueprint: Blueprint, id: string, { snapshot, events }: Loaded): Promise<Replayed> {
  const { definition } = blueprint;
  let state = snapshot === undefined ? definition.initial() : stateOf(blueprint, id, snapshot);
  let sliceEndsAt = performance.now() + SLICE_MS;
  for (const [index, event] of events.entries()) {
    state = evolved(blueprint, id, state, event.sequence, () => eventOf(blueprint, event));
    if (index % SLICE_EVENTS === SLICE_EVENTS - 1 && performance.now() > sliceEndsAt) {
      await new Promise(setImmediate);
      sliceEndsAt = performance.now() + SLICE_MS;
    }
  }
  return { state, replayed: events.length };
}

/** The state after `event`; what goes wrong about that event names it. @throws EventUnreadableError */
export function evolved(
  { name, definition }: Blueprint,
  id: string,
  state: unknown,
  sequence: number,
  event: () => unknown,
): unknown {
  try {
    return definition.evolve(state, event());
  } catch (error) {
    throw new EventUnreadableError(name, id, sequence, error);
  }
}

/** An event as the workflow has it today. @throws Error, SyntaxError, UnreadableError, or what `upcast` throws */
export function eventOf({ options, definition }: Blueprint, { payload, schema }: StoredEvent): unknown {
  const event = read(payload);
  if (schema === options.version) return event;
  if (schema > options.version)
    throw new Error(`it was written under version ${schema}, and this code knows versions up to ${options.version}`);
  if (definition.upcast === undefined)
    throw new Error(`it was written under version ${schema}, this code has version ${options.version} and no upcast()`);
  return definition.upcast(event, schema);
}

function stateOf({ name }: Blueprint, id: string, { state, version }: Snapshot): unknown {
  try {
    return read(state);
  } catch (error) {
    throw new EventUnreadableError(name, id, version, error);
  }
}

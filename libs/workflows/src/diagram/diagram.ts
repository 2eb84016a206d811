import type { Blueprint } from '../decider/blueprint.js';
import { eventOf, evolved } from '../decider/replay.js';
import { labelOf } from '../decider/wording.js';
import type { StoredEvent } from '../store/store.js';

/** The history of one instance, as far as a diagram needs it. */
export interface Walk {
  readonly id: string;
  readonly events: readonly StoredEvent[];
  readonly isCompleted: boolean;
}

const START = '[*]';

/**
 * What instances of a workflow have gone through, as a state diagram in Mermaid: states by their labels, and between them what was given and
 * what happened, with how often.
 *
 * @throws EventUnreadableError
 */
export function diagramOf(blueprint: Blueprint, walks: readonly Walk[]): string {
  const drawing = new Drawing();
  const { definition } = blueprint;
  const label = (state: unknown): string => definition.label?.(state) ?? labelOf(state);
  for (const { id, events, isCompleted } of walks) {
    let state = definition.initial();
    let here = label(state);
    drawing.walk(START, here, undefined);
    for (const event of events) {
      state = evolved(blueprint, id, state, event.sequence, () => eventOf(blueprint, event));
      const next = label(state);
      drawing.walk(here, next, [event.input, event.type].filter((part) => part !== null).join(' / '));
      here = next;
    }
    if (isCompleted) drawing.walk(here, START, undefined);
  }
  return drawing.toMermaid();
}

/** The same where the workflow's code is not at hand: between the events that were seen one after the other. */
export function sequenceOf(walks: readonly Walk[]): string {
  const drawing = new Drawing();
  for (const { events, isCompleted } of walks) {
    let here = START;
    for (const { type, input } of events) {
      const next = type ?? 'event';
      drawing.walk(here, next, input ?? undefined);
      here = next;
    }
    if (isCompleted) drawing.walk(here, START, undefined);
  }
  return drawing.toMermaid();
}

/** States and the ways between them, each with how often it was gone. */
class Drawing {
  private readonly states = new Map<string, string>();
  private readonly ways = new Map<string, { readonly line: string; count: number }>();

  walk(from: string, to: string, said: string | undefined): void {
    const line = `${this.idOf(from)} --> ${this.idOf(to)}`;
    const key = `${line} ${said ?? ''}`;
    const way = this.ways.get(key) ?? { line: said === undefined ? line : `${line}: ${plain(said)}`, count: 0 };
    way.count++;
    this.ways.set(key, way);
  }

  toMermaid(): string {
    const states = [...this.states].map(([label, id]) => `  state "${plain(label)}" as ${id}`);
    const ways = [...this.ways.values()].map(({ line, count }) => {
      const times = count === 1 ? '' : ` (${count})`;
      return `  ${line.includes(':') || times === '' ? line : `${line}:`}${times}`;
    });
    return ['stateDiagram-v2', ...states, ...ways].join('\n');
  }

  private idOf(label: string): string {
    if (label === START) return START;
    const id = this.states.get(label) ?? `s${this.states.size + 1}`;
    this.states.set(label, id);
    return id;
  }
}

/** What Mermaid would read as its own signs is left out. */
function plain(text: string): string {
  return text.replaceAll(/["\n\r:;#]/g, ' ').trim();
}

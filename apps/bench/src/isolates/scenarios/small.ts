import type { Bar } from '../../suite/bar.js';
import type { Scenario } from '../../suite/scenario.js';
import { type Asking, perMessage, timedAsking } from '../asking.js';
import type { OpenCrew } from '../crew.js';
import { note, type Note } from '../payloads.js';

/** How a suite puts the question: by how many callers, to how many isolates, and what is owed. */
export interface Framing {
  readonly callers: number;
  readonly isolates: number;
  readonly frames: readonly string[];
  readonly bars?: readonly Bar[];
}

/** A message of 100 bytes to a task that does nothing, and back: all that is measured is the way. */
export function noop({ callers, isolates, frames, bars = [] }: Framing): Scenario<OpenCrew> {
  return {
    name: `noop-${callers}`,
    title: callers === 1 ? 'No-op, 100 B, one after the other' : `No-op, 100 B, ${callers} callers`,
    about: `${who(callers)}; 100 bytes there and back, ${of(isolates)}.`,
    items: callers === 1 ? 50_000 : 200_000,
    needs: [],
    measures: perMessage,
    frames,
    bars,
    play: (open, items) => play(open, 'echo', { isolates, callers, items }),
  };
}

/** A message to a task that computes for about a millisecond. */
export function cpu({ callers, isolates, frames, bars = [] }: Framing): Scenario<OpenCrew> {
  return {
    name: `cpu-${callers}`,
    title: `1 ms of CPU, ${callers} callers`,
    about: `${who(callers)}; a task of a fixed amount of arithmetic, about 1 ms, ${of(isolates)}.`,
    items: 3_000,
    needs: ['compute'],
    measures: perMessage,
    frames,
    bars,
    play: (open, items) => play(open, 'spin', { isolates, callers, items }),
  };
}

async function play(
  open: OpenCrew,
  task: 'echo' | 'spin',
  { isolates, callers, items }: { isolates: number; callers: number; items: number },
) {
  const crew = await open({ task, isolates, isHandingOver: false });
  const figures = await timedAsking(crew, notes(callers), items);
  await crew.close();
  return figures;
}

/** Notes that come back. */
export function notes(callers: number): Asking {
  return { callers, payload: note, isAnswer: (answer, id) => (answer as Note).id === id };
}

export function who(callers: number): string {
  return callers === 1
    ? 'One caller awaits each answer before it asks again'
    : `${callers} callers, each awaiting its answer before it asks again`;
}

export function of(isolates: number): string {
  return isolates === 1 ? '1 isolate' : `${isolates} isolates`;
}

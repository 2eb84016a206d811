import { type Habit, HERE, type Timing, timed } from '../pass/pass.js';
import { treeCpuNs } from '../pass/tree.js';
import type { Figures, Scenario } from '../suite/scenario.js';
import type { Crew } from './crew.js';

/** A number of callers, each asking again as soon as it has been answered. */
export interface Asking {
  readonly callers: number;
  readonly payload: (id: number) => unknown;
  /** Whether that is the answer to the payload with that id. */
  readonly isAnswer: (answer: unknown, id: number) => boolean;
}

/** What a timed pass is measured in. The clock leads: what is asked of isolates is a rate. */
export const perMessage: Scenario['measures'] = [
  { key: 'wallUs', title: 'wall µs/message', digits: 1 },
  { key: 'cpuUs', title: 'CPU µs/message', digits: 1 },
  { key: 'rate', title: 'messages/s', digits: 0 },
];

/** Passes whose items may cost milliseconds, and whose CPU is spent in several processes. */
const ELSEWHERE: Habit = {
  ...HERE,
  cpuNs: treeCpuNs,
  opening: (items) => Math.ceil(items / 50),
  warmUps: 4,
  warmUpNs: 7e8,
};

export async function timedAsking(crew: Crew, asking: Asking, items: number): Promise<Figures> {
  const timing = await timed(items, (count) => ask(crew, asking, count), ELSEWHERE);
  return figures(timing);
}

/** @throws (rejects) Error when an answer is not the right one */
export async function ask(crew: Crew, { callers, payload, isAnswer }: Asking, count: number): Promise<void> {
  let asked = 0;
  const caller = async () => {
    while (asked < count) {
      const id = asked++;
      const answer = await crew.request(payload(id));
      if (!isAnswer(answer, id)) throw new Error(`Request ${id} was answered with ${String(answer).slice(0, 100)}.`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(callers, count) }, caller));
}

function figures({ items, cpuNs, wallNs }: Timing): Figures {
  return { items, wallUs: wallNs / 1e3, cpuUs: cpuNs / 1e3, rate: 1e9 / wallNs };
}

/**
 * Plays a plan. Within a heat the peers take turns, and each round begins with another of them, so that what else the machine
 * does falls on all alike; a peer's figure is the median of its rounds.
 */
import type { Failed } from '../case/case.js';
import { run } from '../case/case.process.js';
import type { Figures } from '../suite/scenario.js';
import { median } from './median.js';
import type { Entrant, Heat, Plan } from './plan.js';

export interface Standing {
  readonly heat: Heat;
  readonly results: readonly Result[];
}

export interface Result {
  readonly entrant: Entrant;
  /** Medians; undefined when no round succeeded. */
  readonly figures: Figures | undefined;
  readonly failures: readonly Failed[];
}

/** Reports each case to `say` as it ends. */
export async function play(plan: Plan, say: (text: string) => void): Promise<Standing[]> {
  const taken = new Map<Entrant, { figures: Figures[]; failures: Failed[] }>();
  for (const { entrants } of plan.heats)
    for (const entrant of entrants) taken.set(entrant, { figures: [], failures: [] });

  for (let round = 0; round < plan.rounds; round++) {
    for (const heat of plan.heats) {
      say(`\n${round + 1}/${plan.rounds} ${heat.scenario.name}`);
      await inLanes(plan.atOnce, turned(heat.entrants, round), async (entrant) => {
        const verdict = await run(
          { suite: heat.suite.name, scenario: heat.scenario.name, peer: entrant.peer.name, items: entrant.items },
          plan.environment,
        );
        const record = taken.get(entrant)!;
        if (verdict.type === 'measured') record.figures.push(verdict.figures);
        else record.failures.push(verdict);
        say(`  ${entrant.peer.name} ${verdict.type === 'failed' ? 'FAILED' : lead(heat, verdict.figures)}`);
      });
    }
  }
  say('\n');
  return plan.heats.map((heat) => ({
    heat,
    results: heat.entrants.map((entrant) => {
      const { figures, failures } = taken.get(entrant)!;
      return { entrant, failures, figures: medians(figures) };
    }),
  }));
}

/** Works through a list, so many at a time. */
async function inLanes<T>(lanes: number, all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const left = all.values();
  const lane = async () => {
    for (const one of left) await work(one);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

function turned<T>(all: readonly T[], by: number): T[] {
  const start = by % all.length;
  return [...all.slice(start), ...all.slice(0, start)];
}

function lead({ scenario }: Heat, figures: Figures): string {
  const { key, digits } = scenario.measures[0];
  return figures[key]?.toFixed(digits) ?? '?';
}

function medians(rounds: readonly Figures[]): Figures | undefined {
  const [first] = rounds;
  if (!first) return undefined;
  return Object.fromEntries(Object.keys(first).map((key) => [key, median(rounds.map((figures) => figures[key]!))]));
}

/** What is to be measured: which scenarios by which peers, how often, and with how much. */
import type { Environment } from '../case/case.js';
import { type Peer, reasonToSitOut } from '../suite/peer.js';
import type { Scenario } from '../suite/scenario.js';
import type { Suite } from '../suite/suite.js';

export interface Plan {
  readonly heats: readonly Heat[];
  readonly rounds: number;
  /** How many cases run side by side: one, unless nobody looks at the figures. */
  readonly atOnce: number;
  readonly environment: Environment;
}

/** One scenario with all who take part in it. */
export interface Heat {
  readonly suite: Suite;
  readonly scenario: Scenario;
  readonly entrants: readonly Entrant[];
  readonly absent: readonly Absentee[];
}

export interface Entrant {
  readonly peer: Peer;
  readonly items: number;
}

/** A peer that cannot play the scenario, and why. */
export interface Absentee {
  readonly peer: Peer;
  readonly reason: string;
}

export interface Wish {
  readonly suites: readonly Suite[];
  readonly takes: (peer: Peer, scenario: Scenario, suite: Suite) => boolean;
  readonly items: (scenario: Scenario) => number;
}

export function heats({ suites, takes, items }: Wish): Heat[] {
  return suites
    .flatMap((suite) => suite.scenarios.map((scenario) => heat(suite, scenario)))
    .filter(({ entrants }) => entrants.length > 0);

  function heat(suite: Suite, scenario: Scenario): Heat {
    const asked = suite.peers.filter((peer) => takes(peer, scenario, suite));
    const judged = asked.map((peer) => ({ peer, reason: reasonToSitOut(peer, scenario.needs) }));
    return {
      suite,
      scenario,
      entrants: judged
        .filter(({ reason }) => reason === undefined)
        .map(({ peer }) => ({ peer, items: Math.min(items(scenario), peer.mostItems ?? Infinity) })),
      absent: judged.filter((one): one is Absentee => one.reason !== undefined),
    };
  }
}

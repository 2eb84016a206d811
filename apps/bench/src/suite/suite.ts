/**
 * A suite is one family of scenarios and the peers that run them: messages inside one process, threads, child processes,
 * later durable channels. Each suite is a folder of its own beside `in-process/` and one line in `suites.ts`.
 *
 * A suite decides what a peer looks like (`P`: whatever its scenarios need in their hands) and nobody else ever sees one:
 * the outside knows names, and `play`, which loads one peer and runs one scenario with it. Loading is late, so that a
 * process pays only for the peer that it measures.
 */
import type { Peer } from './peer.js';
import type { Figures, Scenario } from './scenario.js';

export interface Suite {
  readonly name: string;
  readonly title: string;
  /** What a reader of its tables has to know beside what holds for all suites. */
  readonly about?: string;
  readonly peers: readonly Peer[];
  readonly scenarios: readonly Scenario[];
  /** The peers that are enough to see whether it still runs; all of them when it does not say. */
  readonly sample?: readonly string[];
  play(peer: string, scenario: string, items: number): Promise<Figures>;
}

export function suite<P>(parts: {
  readonly name: string;
  readonly title: string;
  readonly about?: string;
  readonly peers: readonly Peer<P>[];
  readonly scenarios: readonly Scenario<P>[];
  readonly sample?: readonly string[];
}): Suite {
  return {
    ...parts,
    async play(peerName, scenarioName, items) {
      const peer = named(parts.peers, peerName);
      const scenario = named(parts.scenarios, scenarioName);
      return scenario.play(await peer.load(), items);
    },
  };
}

/** The entry of that name. @throws Error naming the known ones. */
export function named<T extends { readonly name: string }>(entries: readonly T[], name: string): T {
  const found = entries.find((entry) => entry.name === name);
  if (found) return found;
  throw new Error(`"${name}" is not known. Known: ${[...new Set(entries.map((entry) => entry.name))].join(', ')}.`);
}

/** The command line: what was asked, checked against what there is. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import type { Environment } from './case/case.js';
import { heats, type Plan } from './round/plan.js';
import type { Peer } from './suite/peer.js';
import type { Scenario } from './suite/scenario.js';
import { named, type Suite } from './suite/suite.js';

export const USAGE = `npm run bench -- [options]

  --suite a,b     only these suites
  --only a,b      only these scenarios
  --peers a,b     only these peers
  --rounds n      how often each case is run (default 5)
  --items n       items of a pass (default: each scenario's own; slow peers get fewer)
  --env name      NODE_ENV of the case processes: production (default) or development
  --smoke         tiny counts, one round, several cases at a time: does it still run?
  --write         write docs/benchmarks.md; suites that were not measured keep their sections
  --list          name suites, scenarios and peers
`;

/** Of a scenario's own count. */
const SMOKE_SHARE = 1 / 500;

export interface Wishes {
  readonly plan: Plan;
  readonly isSmoke: boolean;
  readonly isWriting: boolean;
  readonly isListing: boolean;
  readonly isHelp: boolean;
}

/** @throws Error that tells what is not understood. */
export function wishes(args: readonly string[], suites: readonly Suite[]): Wishes {
  const { values } = parseArgs({
    args: [...args],
    options: {
      suite: { type: 'string' },
      only: { type: 'string' },
      peers: { type: 'string' },
      rounds: { type: 'string' },
      items: { type: 'string' },
      env: { type: 'string', default: 'production' },
      smoke: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const { smoke, write, list, help, env } = values;
  if (smoke && write) throw new Error('--smoke measures too little to be written down: leave out --write.');

  const scenarios = suites.flatMap((suite) => suite.scenarios);
  const peers = suites.flatMap((suite) => suite.peers);
  const taken = {
    suites: chosen<Suite>(values.suite, suites),
    scenarios: chosen<Scenario>(values.only, scenarios),
    peers: chosen<Peer>(values.peers, peers),
  };
  const items = number('items', values.items, undefined);
  return {
    isSmoke: smoke,
    isWriting: write,
    isListing: list,
    isHelp: help,
    plan: {
      rounds: number('rounds', values.rounds, smoke ? 1 : 5)!,
      atOnce: smoke ? availableParallelism() : 1,
      environment: environment(env),
      heats: heats({
        suites: taken.suites,
        takes: (peer, scenario, { sample }) =>
          taken.peers.includes(peer) &&
          taken.scenarios.includes(scenario) &&
          (!smoke || values.peers !== undefined || (sample?.includes(peer.name) ?? true)),
        items: (scenario) => items ?? Math.ceil(scenario.items * (smoke ? SMOKE_SHARE : 1)),
      }),
    },
  };
}

function chosen<T extends { readonly name: string }>(names: string | undefined, all: readonly T[]): readonly T[] {
  if (names === undefined) return all;
  // Several suites may have a peer or a scenario of that name, and then all of them are meant.
  const asked = new Set(names.split(',').map((name) => named(all, name.trim()).name));
  return all.filter((entry) => asked.has(entry.name));
}

function number(option: string, given: string | undefined, usual: number | undefined): number | undefined {
  if (given === undefined) return usual;
  const value = Number(given.replaceAll('_', ''));
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`--${option}: expected an integer from 1 up, got "${given}".`);
}

function environment(given: string): Environment {
  if (given === 'production' || given === 'development') return given;
  throw new Error(`--env: expected production or development, got "${given}".`);
}

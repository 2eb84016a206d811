/** The command line: what was asked, checked against what there is. */
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
  --items n       items of a pass (default 1,000,000; slow peers get fewer)
  --env name      NODE_ENV of the case processes: production (default) or development
  --smoke         tiny counts, one round, all scenarios of ours and two peers: does it still run?
  --write         write docs/benchmarks.md
  --list          name suites, scenarios and peers
`;

const SMOKE_PEERS = ['ours', 'fastq', 'p-queue'];
const SMOKE_ITEMS = 2_000;

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
    peers: chosen<Peer>(values.peers ?? (smoke ? SMOKE_PEERS.join(',') : undefined), peers),
  };
  const items = number('items', values.items, smoke ? SMOKE_ITEMS : undefined);
  return {
    isSmoke: smoke,
    isWriting: write,
    isListing: list,
    isHelp: help,
    plan: {
      rounds: number('rounds', values.rounds, smoke ? 1 : 5)!,
      environment: environment(env),
      heats: heats({
        suites: taken.suites,
        takes: (peer, scenario) => taken.peers.includes(peer) && taken.scenarios.includes(scenario),
        items: (scenario) => items ?? scenario.items,
      }),
    },
  };
}

function chosen<T extends { readonly name: string }>(names: string | undefined, all: readonly T[]): readonly T[] {
  if (names === undefined) return all;
  const asked = new Set(names.split(',').map((name) => named(all, name.trim())));
  return all.filter((entry) => asked.has(entry));
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

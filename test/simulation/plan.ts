import { durable, type DurableDeclaration } from '../../libs/outbox/src/channel/durable.js';
import type { Chance } from './chance.js';
import type { Temper } from './scripted.dispatcher.js';

/** Which faults one simulation has, each with how often. What is not there shows what is. */
export interface Faults {
  readonly refused: number;
  readonly answerLost: number;
  readonly died: number;
  readonly wordLost: number;
  readonly froze: number;
  readonly jumped: number;
  readonly stopped: number;
  readonly cutOff: number;
  /** The others believe that it is dead, and it is not. */
  readonly takenForDead: number;
}

/** Everything about one simulation that follows from its seed before it begins. */
export interface Plan {
  readonly hosts: number;
  readonly steps: number;
  readonly messages: number;
  readonly channels: readonly DurableDeclaration[];
  readonly workers: readonly {
    readonly channel: string;
    readonly out: string | undefined;
    readonly concurrency: number;
    readonly timeoutMs: number;
  }[];
  readonly routes: ReadonlyMap<string, string>;
  readonly outbox: {
    readonly relay: {
      readonly hostId: string;
      readonly lease: number;
      readonly pollInterval: number;
      readonly batch: number;
      readonly maxCrashes: number;
    };
    readonly prune: { readonly every: number };
  };
  readonly longestMs: number;
  readonly shutdownMs: number;
  readonly temper: Temper;
  readonly faults: Faults;
}

/** How handlers behave when everything else has ceased to fail. */
export const MILD: Temper = { returns: 20, throws: 1, givesUp: 0, asksForLater: 0, isLost: 0, takesLong: 1, hangs: 0 };

export function planOf(chance: Chance): Plan {
  const lease = chance.pick([1_000, 2_000, 4_000]);
  const options = () => ({
    retry: {
      attempts: chance.between(1, 6),
      backoff: {
        delay: chance.pick([0, 10, 500]),
        maxDelay: 2_000,
        jitter: chance.pick(['none', 'equal', 'full'] as const),
      },
    },
    lost: chance.isHit(0.8) ? ('retry' as const) : ('bury' as const),
    prefetch: chance.pick(['auto', 'auto', 0, 1, 5] as const),
    keep: chance.pick([0, 0, 1_000]),
    ...(chance.isHit(0.3) ? { payload: slowSchema() } : {}),
  });
  const worker = () => ({ concurrency: chance.between(1, 4), timeoutMs: chance.pick([200, 1_000, 5_000]) });
  const out = chance.isHit(0.6) ? 'second' : undefined;
  const rate = (most: number): number => (chance.isHit(0.5) ? chance.next() * most : 0);
  const weight = (most: number): number => (chance.isHit(0.5) ? chance.below(most + 1) : 0);
  return {
    hosts: chance.between(1, 3),
    steps: chance.between(50, 500),
    messages: chance.between(1, 50),
    channels: [durable('first', options()), durable('second', options())],
    workers: [
      { channel: 'first', out, ...worker() },
      { channel: 'second', out: undefined, ...worker() },
    ],
    routes: new Map(out === undefined ? [] : [['first', out]]),
    outbox: {
      relay: {
        hostId: 'simulated',
        lease,
        pollInterval: chance.pick([50, 250, 1_000]),
        batch: chance.pick([1, 3, 500]),
        maxCrashes: chance.between(1, 5),
      },
      prune: { every: 60_000 },
    },
    longestMs: 2 * lease,
    shutdownMs: chance.pick([500, 4_000, 10_000]),
    temper: {
      returns: 10,
      throws: weight(5),
      givesUp: weight(2),
      asksForLater: weight(3),
      isLost: weight(3),
      takesLong: weight(5),
      hangs: weight(3),
    },
    faults: {
      refused: rate(0.2),
      answerLost: rate(0.2),
      died: rate(0.015),
      wordLost: rate(0.3),
      froze: rate(0.02),
      jumped: rate(0.02),
      stopped: rate(0.01),
      cutOff: rate(0.01),
      takenForDead: rate(0.03),
    },
  };
}

/** A Standard Schema that needs a few microtasks. */
function slowSchema() {
  return {
    '~standard': {
      version: 1 as const,
      vendor: 'simulation',
      validate: async (value: unknown) => {
        await null;
        return { value };
      },
    },
  };
}

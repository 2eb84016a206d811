import type { Round } from '@nestjs-workers/outbox/extension';
import type { Blueprint } from '../decider/blueprint.js';
import type { Mail } from '../effects/mail.js';
import type { WorkflowStore } from '../store/store.js';

/** What firing timers needs. */
export interface TimersParts {
  readonly store: WorkflowStore;
  readonly blueprints: ReadonlyMap<string, Blueprint>;
  readonly mailOf: (blueprint: Blueprint) => Mail;
  /** Something was put on this channel. */
  readonly onPut: (channel: string) => void;
  readonly everyMs: number;
  /** How many at most in one transaction. */
  readonly batch: number;
}

export const TIMERS = 'timers';

/**
 * The round that turns due timers into inputs: each host does it, and each timer becomes one message, by whichever host was first.
 *
 * What is due when the next timer was asked for is waited for no longer than that; a timer that another host sets meanwhile is found at the
 * next round.
 */
export function timersRound(parts: TimersParts): Round {
  return { name: TIMERS, everyMs: parts.everyMs, work: () => fireDue(parts), isHolding: true };
}

/** Fires what is due; resolves with how long it is until the next one. */
export async function fireDue({ store, blueprints, mailOf, onPut, batch }: TimersParts): Promise<number | undefined> {
  if (blueprints.size === 0) return undefined;
  const fired = new Set<Blueprint>();
  const { count, nextDueMs } = await store.fire([...blueprints.keys()], batch, (timer) => {
    const blueprint = blueprints.get(timer.workflow) as Blueprint;
    fired.add(blueprint);
    return mailOf(blueprint).firedTimer(timer);
  });
  for (const { inputsChannel } of fired) onPut(inputsChannel);
  if (count >= batch) return 0;
  return nextDueMs === undefined ? undefined : Math.max(1, nextDueMs);
}

import { toMs, shown } from '@nestjs-workers/core/extension';
import type { Blueprint } from '../decider/blueprint.js';
import type { Accepting, Decision } from '../decider/decision.js';
import { evolved, type Replayed } from '../decider/replay.js';
import { isKey, typeOf, written } from '../decider/wording.js';
import type { Mail } from '../effects/mail.js';
import type { Commit, Instance, Loaded, NewTimer, TimerToken } from '../store/store.js';
import { DecisionInvalidError } from '../workflows.errors.js';

/** Where an input comes from. */
export type Origin =
  | { readonly from: 'caller' }
  /** Its message may come twice; `once` is the same both times. */
  | { readonly from: 'channel'; readonly once: string }
  /** Its message may come twice as well; a timer that was decided is gone the second time. */
  | { readonly from: 'timer'; readonly timer: TimerToken };

/** A decision on its way into the store. */
export interface Asked {
  readonly blueprint: Blueprint;
  readonly mail: Mail;
  readonly instance: Instance;
  readonly input: unknown;
  readonly origin: Origin;
}

/** Asks the workflow. @throws DecisionInvalidError, or what `decide` throws */
export function decided({ blueprint, instance, input }: Asked, loaded: Loaded, { state }: Replayed): AnyDecision {
  const decision: unknown = blueprint.definition.decide(state, input, new Date(loaded.nowMs));
  const type: unknown = typeof decision === 'object' && decision !== null && 'type' in decision && decision.type;
  if (type !== 'accept' && type !== 'reject')
    throw DecisionInvalidError.notADecision(instance.workflow, instance.id, decision);
  return decision as AnyDecision;
}

export type AnyDecision = Decision<unknown, unknown, unknown, unknown>;

/** Everything that an accepted input asks for, as one commit. @throws NotPortableError, ConfigurationError, DecisionInvalidError */
export function commitOf(asked: Asked, loaded: Loaded, decision: Accepting<unknown, unknown, unknown>): Commit {
  const { blueprint, mail, instance, input } = asked;
  const { events, effects, cancelled, completes } = decision;
  return {
    ...consumption(asked, loaded),
    events: events.map((event) => ({
      type: typeOf(event),
      schema: blueprint.options.version,
      payload: written(event),
    })),
    effects: effects.map((effect) => mail.effect(instance, effect)),
    timers: timersOf(instance, decision),
    cancelled,
    completes,
    uniqueKey: loaded.version === 0 ? uniqueKeyOf(asked) : null,
    input: typeOf(input),
  };
}

/** A commit that only takes the fired timer away: its input was rejected. */
export function consumption({ instance, origin }: Asked, { version }: Loaded): Commit {
  return {
    instance,
    version,
    events: [],
    effects: [],
    timers: [],
    cancelled: [],
    completes: false,
    uniqueKey: null,
    firedTimer: origin.from === 'timer' ? origin.timer : undefined,
    snapshot: undefined,
    input: null,
    once: origin.from === 'channel' ? origin.once : null,
  };
}

function uniqueKeyOf({ blueprint, instance: { workflow, id }, input }: Asked): string | null {
  const key: unknown = blueprint.definition.uniqueKey?.(input) ?? null;
  if (key === null || isKey(key)) return key;
  throw new DecisionInvalidError(
    workflow,
    id,
    `expected from uniqueKey() a text that is not empty, without NUL and lone surrogates, or undefined; got ${key === '' ? 'an empty one' : shown(key)}.`,
  );
}

/** Of two timers with one key the later is meant. */
function timersOf({ workflow, id }: Instance, { timers }: Accepting<unknown, unknown, unknown>): NewTimer[] {
  const byKey = new Map<string, NewTimer>();
  for (const { key, after, input } of timers) {
    const delayMs = toMs(after);
    if (delayMs === undefined || !isKey(key))
      throw new DecisionInvalidError(
        workflow,
        id,
        `expected timer(key, after, input) with a text and a duration, got ${shown(key)} and ${shown(after)}.`,
      );
    byKey.set(key, { key, input: written(input), delayMs });
  }
  return [...byKey.values()];
}

/**
 * The state after a decision; tried before it is written, so that no event gets into the store that cannot be replayed.
 *
 * @throws EventUnreadableError
 */
export function after(
  { blueprint, instance }: Asked,
  { version }: Loaded,
  { state }: Replayed,
  events: readonly unknown[],
): unknown {
  let next = state;
  for (const [index, event] of events.entries())
    next = evolved(blueprint, instance.id, next, version + index + 1, () => event);
  return next;
}

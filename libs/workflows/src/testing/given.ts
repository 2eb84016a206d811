import { deepStrictEqual, fail } from 'node:assert/strict';
import type { Duration } from '@nestjs-workers/core';
import { ConfigurationError } from '@nestjs-workers/core';
import { shown, toMs } from '@nestjs-workers/core/extension';
import { Blueprint } from '../decider/blueprint.js';
import type { Decision } from '../decider/decision.js';
import type { EffectOf, EventOf, InputOf, RejectionOf, StateOf, WorkflowClass } from '../decider/workflow.js';

/**
 * A workflow to which these events have happened: the beginning of a test of what it decides, without a database and without Nest.
 *
 * @throws ConfigurationError when the class is no workflow
 * @example
 * given(OrderWorkflow, { type: 'placed', amount: 30 })
 *   .when({ type: 'pay' })
 *   .thenEvents({ type: 'paid' })
 *   .thenEffects({ type: 'ship' })
 *   .thenNoTimers();
 */
export function given<W extends WorkflowClass>(workflow: W, ...events: EventOf<W>[]): Given<W> {
  const problems: string[] = [];
  const blueprint = Blueprint.of(workflow, problems);
  if (blueprint === undefined) throw new ConfigurationError(problems);
  return new Given(blueprint, events, new Date(0));
}

/** What happened before. */
export class Given<W extends WorkflowClass> {
  /** @internal Use `given`. */
  constructor(
    private readonly blueprint: Blueprint,
    private readonly events: readonly EventOf<W>[],
    private readonly now: Date,
  ) {}

  /** When the input is decided; 1970 where nothing is said. */
  at(now: Date | string): Given<W> {
    return new Given(this.blueprint, this.events, new Date(now));
  }

  /** The state that these events come to. */
  get state(): StateOf<W> {
    const { definition } = this.blueprint;
    return this.events.reduce<unknown>(
      (state, event) => definition.evolve(state, event),
      definition.initial(),
    ) as StateOf<W>;
  }

  /** Gives the workflow an input, and has it decide. */
  when(input: InputOf<W>): Then<W> {
    const { definition } = this.blueprint;
    const decision = definition.decide(this.state, input, this.now) as Decided<W>;
    const after = decision.type === 'accept' ? [...this.events, ...decision.events] : this.events;
    return new Then(decision, new Given<W>(this.blueprint, after, this.now));
  }
}

type Decided<W extends WorkflowClass> = Decision<EventOf<W>, EffectOf<W>, InputOf<W>, RejectionOf<W>>;

/** What a workflow decided, to be compared. Each `then...` returns the same object and throws an `AssertionError` where it is not so. */
export class Then<W extends WorkflowClass> {
  /** @internal Use `given`. */
  constructor(
    /** As `decide` returned it. */
    readonly decision: Decided<W>,
    private readonly after: Given<W>,
  ) {}

  /** The state with what was decided. */
  get state(): StateOf<W> {
    return this.after.state;
  }

  /** It was accepted, with exactly these events. */
  thenEvents(...events: EventOf<W>[]): this {
    deepStrictEqual(this.accepted().events, events, undefined);
    return this;
  }

  /** It was rejected for exactly this reason. */
  thenRejected(reason: RejectionOf<W>): this {
    const { decision } = this;
    if (decision.type !== 'reject') fail(`expected a rejection, and it was accepted with ${shown(decision.events)}`);
    deepStrictEqual(decision.reason, reason);
    return this;
  }

  /** It asks for exactly these effects, in this order. */
  thenEffects(...effects: EffectOf<W>[]): this {
    deepStrictEqual(
      this.accepted().effects.map(({ payload }) => payload),
      effects,
    );
    return this;
  }

  thenNoEffects(): this {
    return this.thenEffects();
  }

  /** It sets a timer with this key, for this time and this input. */
  thenTimer(key: string, after: Duration, input: InputOf<W>): this {
    const timers = this.accepted().timers.filter((timer) => timer.key === key);
    const found = timers.map((timer) => [timer.key, toMs(timer.after), timer.input]);
    deepStrictEqual(found, [[key, toMs(after), input]]);
    return this;
  }

  thenNoTimers(): this {
    deepStrictEqual(this.accepted().timers, []);
    return this;
  }

  /** It cancels the timer with this key. */
  thenCancelled(key: string): this {
    const { cancelled } = this.accepted();
    if (!cancelled.includes(key))
      fail(`expected the timer "${key}" to be cancelled, and cancelled are ${shown(cancelled)}`);
    return this;
  }

  /** The instance is completed with it. */
  thenCompleted(): this {
    if (!this.accepted().completes) fail('expected the instance to be completed, and it goes on');
    return this;
  }

  /** The state afterwards is exactly this. */
  thenState(state: StateOf<W>): this {
    deepStrictEqual(this.state, state);
    return this;
  }

  /** The next input, with what was decided among what has happened. */
  when(input: InputOf<W>): Then<W> {
    const { decision } = this;
    if (decision.type === 'accept' && decision.completes)
      fail(`expected the instance to go on, and it is completed: ${shown(input)} would not be decided`);
    return this.after.when(input);
  }

  private accepted(): Extract<Decided<W>, { type: 'accept' }> {
    const { decision } = this;
    if (decision.type === 'accept') return decision;
    return fail(`expected it to be accepted, and it was rejected: ${shown(decision.reason)}`);
  }
}

import type { Decision, Rejecting } from './decision.js';

/**
 * A workflow: a plain class that decides. Its instances are told apart by an id; what happened to one is its events, and its state is
 * nothing but those events, folded.
 *
 * ```
 * (none) --first accepted input--> running --complete()--> completed
 * ```
 *
 * `decide` says what is to happen, `evolve` what that means for the state. Both are pure: they wait for nothing, ask nobody and change
 * nothing, so that a history gives the same state today and in a year. The world is reached by effects and by timers, which `decide`
 * asks for and which are committed together with its events.
 *
 * Invariant: `evolve`, folded over the events of an instance from `initial()`, gives its state.
 */
export interface WorkflowDefinition<State, Input, Event, Effect = never, Rejection = never> {
  /** The state of an instance that nothing has happened to. */
  initial(): State;
  /** The state after `event`. Pure; returns a new state and leaves the old one as it is. */
  evolve(state: State, event: Event): State;
  /**
   * What is to happen because of `input`: `accept(...events)` with effects and timers, or `reject(reason)`.
   *
   * Pure, and called again when somebody else committed in the meantime.
   *
   * @param now by the database's clock, the same for all hosts
   */
  decide(state: State, input: Input, now: Date): Decision<Event, Effect, Input, Rejection>;
  /**
   * Asked for the input that begins an instance: while an instance with the same key is not completed, no other begins.
   *
   * @default none
   */
  uniqueKey?(input: Input): string | undefined;
  /**
   * Makes an event of today of one that was written under an older `version` of `@Workflow`.
   *
   * @default such events are refused
   */
  upcast?(event: unknown, version: number): Event;
  /**
   * What a state is called in diagrams.
   *
   * @default its `status` or `type`, or itself where it is a text
   */
  label?(state: State): string;
}

/** A class that `@Workflow` may decorate: it is made without arguments, by the library. */
export type WorkflowClass = new () => WorkflowDefinition<any, any, any, any, any>; // oxlint-disable-line typescript/no-explicit-any

type Definition<W extends WorkflowClass> = InstanceType<W>;
type Decided<W extends WorkflowClass> = ReturnType<Definition<W>['decide']>;

export type StateOf<W extends WorkflowClass> = ReturnType<Definition<W>['initial']>;
export type InputOf<W extends WorkflowClass> = Parameters<Definition<W>['decide']>[1];
export type EventOf<W extends WorkflowClass> = Parameters<Definition<W>['evolve']>[1];
export type EffectOf<W extends WorkflowClass> =
  Decided<W> extends infer D
    ? D extends { readonly effects: readonly { readonly payload: infer F }[] }
      ? F
      : never
    : never;
export type RejectionOf<W extends WorkflowClass> =
  Decided<W> extends infer D ? (D extends Rejecting<infer R> ? R : never) : never;

/** One instance of a workflow. */
export interface WorkflowInstance {
  readonly workflow: string;
  readonly id: string;
}

import type { Duration } from '@nestjs-workers/core';
import type { Sending } from '@nestjs-workers/core/extension';

/** What a decision comes to. A value: nothing happens before it is committed. */
export type Decision<Event, Effect = never, Input = never, Rejection = never> =
  Accepting<Event, Effect, Input> | Rejecting<Rejection>;

/** How an effect is sent, as any durable message: `delay`, `at`, `priority`, `key`, `deduplicate`. */
export type EffectOptions = Sending;

export interface AskedEffect<Effect> {
  readonly payload: Effect;
  readonly options: EffectOptions;
}

export interface AskedTimer<Input> {
  readonly key: string;
  readonly after: Duration;
  readonly input: Input;
}

interface Asked<Event, Effect, Input> {
  readonly events: readonly Event[];
  readonly effects: readonly AskedEffect<Effect>[];
  readonly timers: readonly AskedTimer<Input>[];
  readonly cancelled: readonly string[];
  readonly completes: boolean;
}

/** An input was accepted: its events, and what is to be done about them. Each method returns a new decision. */
export class Accepting<Event, Effect = never, Input = never> implements Asked<Event, Effect, Input> {
  readonly type = 'accept';
  readonly events: readonly Event[];
  readonly effects: readonly AskedEffect<Effect>[];
  readonly timers: readonly AskedTimer<Input>[];
  readonly cancelled: readonly string[];
  readonly completes: boolean;

  /** @internal Use `accept`. */
  constructor({ events, effects, timers, cancelled, completes }: Asked<Event, Effect, Input>) {
    this.events = events;
    this.effects = effects;
    this.timers = timers;
    this.cancelled = cancelled;
    this.completes = completes;
    Object.freeze(this);
  }

  /** Asks for an effect: a durable message to the workflow's `@Effects` class, there when the events are. */
  effect<const F>(payload: F, options: EffectOptions = {}): Accepting<Event, Effect | F, Input> {
    return this.with<Effect | F, Input>({ effects: [...this.effects, { payload, options }] });
  }

  /**
   * Sets a timer: `input` is decided when `after` has passed. An instance has one timer for each key; one that is there already, also
   * one that is due and not yet decided, is replaced.
   */
  timer<const I>(key: string, after: Duration, input: I): Accepting<Event, Effect, Input | I> {
    return this.with<Effect, Input | I>({ timers: [...this.timers, { key, after, input }] });
  }

  /** The timer with this key is not to happen. Harmless when there is none. */
  cancelTimer(key: string): Accepting<Event, Effect, Input> {
    return this.with({ cancelled: [...this.cancelled, key] });
  }

  /** Nothing is decided for this instance any more, and its timers are gone. Effects that were asked for still run. */
  complete(): Accepting<Event, Effect, Input> {
    return this.with({ completes: true });
  }

  private with<F = Effect, I = Input>(changed: Partial<Asked<Event, F, I>>): Accepting<Event, F, I> {
    const { events, effects, timers, cancelled, completes } = this as unknown as Asked<Event, F, I>;
    return new Accepting({ events, effects, timers, cancelled, completes, ...changed });
  }
}

/** An input was rejected: nothing changes, and whoever asked is told why. */
export interface Rejecting<Rejection> {
  readonly type: 'reject';
  readonly reason: Rejection;
}

/**
 * Accepts an input with at least one event.
 *
 * @example
 * return accept({ type: 'placed', items }).effect({ type: 'charge', amount }).timer('payment', '15m', { type: 'expire' });
 */
export function accept<const E, const M extends readonly unknown[]>(
  first: E,
  ...more: M
): Accepting<E | M[number], never, never> {
  return new Accepting<E | M[number]>({
    events: [first, ...more],
    effects: [],
    timers: [],
    cancelled: [],
    completes: false,
  });
}

/** Rejects an input. A refusal that is expected is a value like this, not an error. */
export function reject<const R>(reason: R): Rejecting<R> {
  return Object.freeze({ type: 'reject', reason });
}

import { ConfigurationError, type Duration } from '@nestjs-workers/core';
import { shown, SystemClock, toMs } from '@nestjs-workers/core/extension';
import type { Claimed, NewMessage, Seat } from '@nestjs-workers/outbox/extension';
import { memoryStore } from '@nestjs-workers/outbox/testing';
import { Blueprint } from '../decider/blueprint.js';
import { eventOf } from '../decider/replay.js';
import { read } from '../decider/wording.js';
import type {
  EffectOf,
  EventOf,
  InputOf,
  RejectionOf,
  StateOf,
  WorkflowClass,
  WorkflowInstance,
} from '../decider/workflow.js';
import { timerIn, workflowInstance } from '../effects/mail.js';
import type { Origin } from '../engine/draft.js';
import { Engine } from '../engine/engine.js';
import type { Outcome } from '../engine/outcome.js';
import { workflowStore } from '../memory/index.js';
import { fireDue, type TimersParts } from '../timers/timers.js';

/** Stands for the `@Effects` class: what it returns is the next input of the instance. */
export type EffectsStandIn<W extends WorkflowClass> = (
  effect: EffectOf<W>,
  instance: WorkflowInstance,
) => InputOf<W> | undefined | Promise<InputOf<W> | undefined>;

/** An effect that was carried out. */
export interface Performed<Effect> {
  readonly id: string;
  readonly at: Date;
  readonly effect: Effect;
}

/**
 * A workflow with effects and timers, rehearsed in memory, without Nest and on a clock that stands until it is told to go on.
 *
 * @param startsAt what its clock says first
 * @throws ConfigurationError when the class is no workflow
 * @example
 * const orders = rehearsal(OrderWorkflow).withEffects(({ type }) => (type === 'charge' ? { type: 'declined' } : undefined));
 * await orders.execute('1', { type: 'place', amount: 30 });
 * await orders.skip('15m');
 * expect((await orders.state('1')).status).toBe('cancelled');
 */
export function rehearsal<W extends WorkflowClass>(
  workflow: W,
  startsAt: Date | string = '2026-01-01T00:00:00Z',
): Rehearsal<W> {
  const problems: string[] = [];
  const blueprint = Blueprint.of(workflow, problems);
  if (blueprint === undefined) throw new ConfigurationError(problems);
  return new Rehearsal(blueprint, new Date(startsAt).getTime());
}

/**
 * Promises: whatever follows from an input, or from a timer that came due on the way, has happened when the promise is resolved, in the
 * order of its time. An effect's handler that throws rejects with what it threw: there is no second attempt.
 */
export class Rehearsal<W extends WorkflowClass> {
  /** What was carried out so far, the oldest first. */
  readonly performed: Performed<EffectOf<W>>[] = [];
  private readonly outbox = memoryStore({ now: () => this.nowMs });
  private readonly store = workflowStore(this.outbox);
  private readonly engine: Engine;
  private readonly timers: TimersParts;
  private seat: Seat | undefined;
  private standIn: EffectsStandIn<W> = () => undefined;

  /** @internal Use `rehearsal`. */
  constructor(
    private readonly blueprint: Blueprint,
    private nowMs: number,
  ) {
    this.engine = new Engine({
      store: this.store,
      clock: new SystemClock(),
      chance: Math.random,
      onCommitted: () => {},
      onDecided: () => {},
      onFault: (source, error) => {
        throw new Error(source, { cause: error });
      },
    });
    this.timers = {
      store: this.store,
      blueprints: new Map([[blueprint.name, blueprint]]),
      mailOf: (one) => this.engine.mailOf(one),
      onPut: () => {},
      everyMs: 0,
      batch: 1_000,
    };
  }

  /** Has effects carried out by `standIn`; without one they are only noted. */
  withEffects(standIn: EffectsStandIn<W>): this {
    this.standIn = standIn;
    return this;
  }

  /** What its clock says. */
  get now(): Date {
    return new Date(this.nowMs);
  }

  /** Has an input decided, and everything that follows from it at once. @throws (rejects) as `Workflows.execute` */
  async execute(id: string, input: InputOf<W>): Promise<Outcome<EventOf<W>, RejectionOf<W>>> {
    const outcome = await this.engine.execute(this.blueprint, id, input, { from: 'caller' });
    await this.settle();
    return outcome as Outcome<EventOf<W>, RejectionOf<W>>;
  }

  /** Lets time pass: timers and delayed effects happen on the way, each at its time. */
  async skip(span: Duration): Promise<void> {
    const spanMs = toMs(span);
    if (spanMs === undefined) throw new TypeError(`skip: expected a duration such as 250 or '5m', got ${shown(span)}.`);
    const endsAt = this.nowMs + spanMs;
    for (let nextMs = await this.settle(); this.nowMs + nextMs <= endsAt; nextMs = await this.settle())
      this.nowMs += nextMs;
    this.nowMs = endsAt;
  }

  /** The state of an instance; the initial one when it never began. */
  async state(id: string): Promise<StateOf<W>> {
    const found = await this.engine.look(this.blueprint, id);
    return (found?.state ?? this.blueprint.definition.initial()) as StateOf<W>;
  }

  /** The events of an instance, the oldest first. */
  async history(id: string): Promise<readonly EventOf<W>[]> {
    const instance = { workflow: this.blueprint.name, id };
    const stored = await this.store.history(instance, { after: 0, limit: Number.MAX_SAFE_INTEGER });
    return stored.map((event) => eventOf(this.blueprint, event) as EventOf<W>);
  }

  /** Does what is to be done now; resolves with how long it is until there is something again. */
  private async settle(): Promise<number> {
    const { effectsChannel, inputsChannel } = this.blueprint;
    const channels = [inputsChannel, effectsChannel];
    for (;;) {
      const timerMs = (await fireDue(this.timers)) ?? Infinity;
      const { nextDueMs: delayedMs = Infinity } = await this.outbox.promote(channels);
      const seat = (this.seat ??= await this.outbox.enroll(HOST));
      const claimed = await this.next(seat);
      if (claimed === undefined) return Math.min(timerMs, delayedMs);
      const routed = claimed.channel === effectsChannel ? await this.perform(claimed) : await this.decide(claimed);
      const { id, claim } = claimed;
      await this.outbox.settle(seat, [{ id, claim, type: 'done', result: null, keepMs: 0, routed }]);
    }
  }

  /** What is decided comes before what is carried out. */
  private async next(seat: Seat): Promise<Claimed | undefined> {
    const { effectsChannel, inputsChannel } = this.blueprint;
    const [input] = await this.outbox.claim(seat, [{ channel: inputsChannel, room: 1 }]);
    if (input !== undefined) return input;
    const [effect] = await this.outbox.claim(seat, [{ channel: effectsChannel, room: 1 }]);
    return effect;
  }

  private async perform(claimed: Claimed): Promise<NewMessage[]> {
    const instance = workflowInstance(headersOf(claimed)) as WorkflowInstance;
    const effect = read(claimed.payload) as EffectOf<W>;
    this.performed.push({ id: instance.id, at: this.now, effect });
    const input = await this.standIn(effect, instance);
    return input === undefined || input === null ? [] : [this.engine.mailOf(this.blueprint).input(instance, input)];
  }

  private async decide(claimed: Claimed): Promise<NewMessage[]> {
    const told = headersOf(claimed);
    const { id } = workflowInstance(told) as WorkflowInstance;
    const timer = timerIn(told.headers);
    const origin: Origin =
      timer === undefined ? { from: 'channel', once: String(claimed.id) } : { from: 'timer', timer };
    await this.engine.execute(this.blueprint, id, read(claimed.payload), origin);
    return [];
  }
}

const HOST = {
  name: 'rehearsal',
  leaseMs: Number.MAX_SAFE_INTEGER,
  onWake: () => {},
  onFinished: () => {},
  onLost: () => {},
  onFault: () => {},
};

function headersOf({ headers }: Claimed): { readonly headers: Readonly<Record<string, string>> } {
  return { headers: JSON.parse(headers ?? '{}') as Record<string, string> };
}

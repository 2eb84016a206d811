import { type Headers, Message } from '@nestjs-workers/core';
import { type Sending, shown } from '@nestjs-workers/core/extension';
import type { Outbox } from '@nestjs-workers/outbox';
import type { Blueprint } from './decider/blueprint.js';
import type { AskedEffect, AskedTimer } from './decider/decision.js';
import { eventOf } from './decider/replay.js';
import { nameOf } from './decider/workflow.decorator.js';
import { isKey, read } from './decider/wording.js';
import type { EffectOf, EventOf, InputOf, RejectionOf, StateOf, WorkflowClass } from './decider/workflow.js';
import { diagramOf } from './diagram/diagram.js';
import { walksOf } from './diagram/walks.js';
import { headersFor } from './effects/mail.js';
import type { Accepted, AlreadyCompleted, Outcome, Rejected } from './engine/outcome.js';
import type { StoredEvent } from './store/store.js';
import { EventUnreadableError } from './workflows.errors.js';
import type { WorkflowsHouse } from './workflows.house.js';

/** How an input is sent: `delay`, `at`, `deduplicate`, and the transaction in which it is written. */
export interface SendInputOptions extends Omit<Sending, 'key' | 'priority'> {
  /** What your data library calls a transaction: the input is there when that commits. @default none of yours; it is there at once */
  readonly transaction?: object;
}

/** An instance as it stands. */
export interface InstanceState<State> {
  readonly state: State;
  readonly version: number;
  readonly isCompleted: boolean;
}

/** One event of an instance. */
export interface RecordedEvent<Event> {
  readonly sequence: number;
  readonly at: Date;
  /** What the input called itself that brought it; null when it said nothing of itself. */
  readonly input: string | null;
  readonly event: Event;
}

/** A timer that is set, or that is due and waits to be decided. */
export interface TimerView<Input> {
  readonly key: string;
  readonly input: Input;
  readonly dueAt: Date;
  readonly isDue: boolean;
}

/** One instance in a list. */
export interface InstanceSummary {
  readonly workflow: string;
  readonly id: string;
  /** For paging. */
  readonly number: number;
  readonly version: number;
  readonly state: 'running' | 'completed';
  readonly startedAt: Date;
  readonly changedAt: Date;
}

export interface ListQuery {
  readonly workflow?: WorkflowClass | string;
  readonly state?: 'running' | 'completed';
  /** @default 100 */
  readonly limit?: number;
  /** The `number` of the last one of the page before. */
  readonly before?: number;
}

/** What an input would do. */
export type WhatIf<W extends WorkflowClass> =
  | (Accepted<EventOf<W>> & {
      readonly state: StateOf<W>;
      readonly effects: readonly AskedEffect<EffectOf<W>>[];
      readonly timers: readonly AskedTimer<InputOf<W>>[];
      readonly cancelled: readonly string[];
      readonly completes: boolean;
    })
  | Rejected<RejectionOf<W>>
  | AlreadyCompleted;

/** How many events `history` gives where nothing is said. */
const PAGE = 1_000;

/**
 * Gives inputs to workflows, and shows what became of them. Inject it; it belongs to the application.
 *
 * A workflow is named by its class, and then everything is typed, or by its name. An instance is begun by its first accepted input.
 */
export class Workflows {
  /** @internal Made by the module. */
  constructor(
    private readonly house: WorkflowsHouse,
    private readonly outbox: Outbox,
  ) {}

  /** The names of the application's workflows. */
  get names(): readonly string[] {
    return [...this.house.blueprints.keys()];
  }

  /**
   * Has an input decided, now, and says what came of it. Inputs of one instance are decided one after the other, over all hosts.
   *
   * If the application stops now, the input is committed whole or not at all; whoever asked does not learn which.
   *
   * @param id of the instance; any text
   * @throws (rejects) UniqueKeyTakenError, InstanceBusyError, EventUnreadableError, DecisionInvalidError, NotPortableError,
   * WorkflowUnknownError, StoreUnreachableError, or what `decide` throws
   * @example
   * const outcome = await workflows.execute(OrderWorkflow, orderId, { type: 'place', amount: 30 });
   * if (outcome.type === 'rejected') throw new ConflictException(outcome.reason);
   */
  async execute<W extends WorkflowClass>(
    workflow: W | string,
    id: string,
    input: InputOf<W>,
  ): Promise<Outcome<EventOf<W>, RejectionOf<W>>> {
    const blueprint = this.house.blueprint(workflow);
    const outcome = await this.house.engine.execute(blueprint, checkedId(id), input, { from: 'caller' });
    return outcome as Outcome<EventOf<W>, RejectionOf<W>>;
  }

  /**
   * Writes an input down, to be decided soon, by whichever host is free. Nobody is told what comes of it, but observers (`workers.decided`).
   *
   * With `transaction` it is there when that commits and was never there when it rolls back; it is how a row of yours and a workflow's input
   * become one.
   *
   * @throws (rejects) WorkflowUnknownError, NotPortableError, TransactionInvalidError, StoreUnreachableError; nothing was written then
   */
  async send<W extends WorkflowClass>(
    workflow: W | string,
    id: string,
    input: InputOf<W>,
    { transaction, ...sending }: SendInputOptions = {},
  ): Promise<void> {
    const { name, inputsChannel } = this.house.blueprint(workflow);
    const headers = headersFor({ workflow: name, id: checkedId(id) });
    const options = { ...sending, key: id };
    if (transaction !== undefined) {
      await this.outbox.add(transaction, inputsChannel, input, { ...options, headers });
      return;
    }
    const { application } = this.house.outbox;
    const put = async (carried: Headers): Promise<void> => {
      const message = new Message<unknown>(input, application.options.clock.now(), carried);
      await application.channel(inputsChannel).put(message, undefined, undefined, options);
    };
    const { follower } = application.announcer;
    const isFollowed = follower !== undefined && !follower.leaves(headers);
    await (isFollowed ? follower.put({ worker: undefined, channel: inputsChannel }, headers, put) : put(headers));
  }

  /** The state of an instance; undefined when it never began. @throws (rejects) EventUnreadableError, WorkflowUnknownError */
  async state<W extends WorkflowClass>(
    workflow: W | string,
    id: string,
  ): Promise<InstanceState<StateOf<W>> | undefined> {
    const found = await this.house.engine.look(this.house.blueprint(workflow), checkedId(id));
    if (found === undefined) return undefined;
    const { state, loaded } = found;
    return { state: state as StateOf<W>, version: loaded.version, isCompleted: loaded.isCompleted };
  }

  /**
   * The events of an instance, the oldest first, as the workflow has them today.
   *
   * @param page `after`: the sequence of the last one of the page before; `limit`: 1000 where nothing is said
   * @throws (rejects) EventUnreadableError, WorkflowUnknownError
   */
  async history<W extends WorkflowClass>(
    workflow: W | string,
    id: string,
    page: { readonly after?: number; readonly limit?: number } = {},
  ): Promise<readonly RecordedEvent<EventOf<W>>[]> {
    const blueprint = this.house.blueprint(workflow);
    const { after = 0, limit = PAGE } = page;
    const stored = await this.house.store.history({ workflow: blueprint.name, id: checkedId(id) }, { after, limit });
    return stored.map((one) => ({
      sequence: one.sequence,
      at: new Date(one.createdAtMs),
      input: one.input,
      event: readable(blueprint, id, one) as EventOf<W>,
    }));
  }

  /** Instances, the latest begun first. @throws (rejects) WorkflowUnknownError */
  async list({ workflow, state, limit = 100, before }: ListQuery = {}): Promise<readonly InstanceSummary[]> {
    const query = {
      ...(workflow === undefined ? {} : { workflow: this.house.blueprint(nameOf(workflow)).name }),
      ...(state === undefined ? {} : { state }),
    };
    const rows = await this.house.store.list(query, { limit, ...(before === undefined ? {} : { before }) });
    return rows.map(({ startedAtMs, changedAtMs, workflow: name, id, number, version, state: now }) => ({
      workflow: name,
      id,
      number,
      version,
      state: now,
      startedAt: new Date(startedAtMs),
      changedAt: new Date(changedAtMs),
    }));
  }

  /** The timers of an instance, in the order in which they are due. @throws (rejects) WorkflowUnknownError, SyntaxError, UnreadableError */
  async timers<W extends WorkflowClass>(workflow: W | string, id: string): Promise<readonly TimerView<InputOf<W>>[]> {
    const { name } = this.house.blueprint(workflow);
    const timers = await this.house.store.timers({ workflow: name, id: checkedId(id) });
    return timers.map(({ key, input, dueAtMs, isFired }) => ({
      key,
      input: read(input) as InputOf<W>,
      dueAt: new Date(dueAtMs),
      isDue: isFired,
    }));
  }

  /**
   * What an input would do now. Nothing is written; what would be refused when it is carried out is refused here too. Unique keys are not
   * looked at.
   *
   * @throws (rejects) as `execute`
   */
  async whatIf<W extends WorkflowClass>(workflow: W | string, id: string, input: InputOf<W>): Promise<WhatIf<W>> {
    const decision = await this.house.engine.whatIf(this.house.blueprint(workflow), checkedId(id), input);
    return decision as unknown as WhatIf<W>;
  }

  /**
   * A state diagram in Mermaid of what instances of a workflow have gone through.
   *
   * @param options `instances`: how many of the latest are looked at, 100 where nothing is said; `id`: only this one
   * @throws (rejects) EventUnreadableError, WorkflowUnknownError
   */
  async diagram(
    workflow: WorkflowClass | string,
    options: { readonly instances?: number; readonly id?: string } = {},
  ): Promise<string> {
    const blueprint = this.house.blueprint(workflow);
    return diagramOf(blueprint, await walksOf(this.house.store, blueprint.name, options));
  }
}

function readable(blueprint: Blueprint, id: string, stored: StoredEvent): unknown {
  try {
    return eventOf(blueprint, stored);
  } catch (error) {
    throw new EventUnreadableError(blueprint.name, id, stored.sequence, error);
  }
}

/** @throws TypeError */
function checkedId(id: unknown): string {
  if (isKey(id)) return id;
  throw new TypeError(
    `An instance of a workflow was asked for by ${shown(id)}; expected a text, which every instance has as its id.`,
  );
}

import { ConfigurationError } from '@nestjs-workers/core';
import { type OutboxHouse, Rounds } from '@nestjs-workers/outbox/extension';
import { Blueprint } from './decider/blueprint.js';
import { nameOf } from './decider/workflow.decorator.js';
import type { WorkflowClass } from './decider/workflow.js';
import type { Asked } from './engine/draft.js';
import { Engine } from './engine/engine.js';
import type { Delivered } from './engine/outcome.js';
import { type FoundProjection, Projections } from './projection/projections.js';
import type { Commit, WorkflowStore } from './store/store.js';
import { TIMERS, timersRound } from './timers/timers.js';
import { WorkflowUnknownError } from './workflows.errors.js';
import { type ResolvedWorkflowsOptions, resolveWorkflowsOptions } from './workflows.options.js';

/** What a house is built of. */
export interface HouseParts {
  readonly outbox: OutboxHouse;
  readonly store: WorkflowStore;
  readonly options: object;
  /** Every class that was named. */
  readonly workflows: readonly unknown[];
  readonly projections: readonly FoundProjection[];
}

/**
 * Everything one application's workflows share: their blueprints, the engine, the rounds for timers, the projections.
 *
 * The application opens, starts, stops and closes it with the outbox it stands on; it can decide as soon as it is open.
 */
export class WorkflowsHouse {
  readonly blueprints: ReadonlyMap<string, Blueprint>;
  readonly engine: Engine;
  readonly store: WorkflowStore;
  readonly outbox: OutboxHouse;
  readonly projections: Projections;
  private readonly options: ResolvedWorkflowsOptions;
  private readonly rounds: Rounds;
  private readonly orphansTold = new Set<string>();
  private beginning: Promise<void> | undefined;
  private opening: Promise<void> | undefined;

  /** @throws ConfigurationError with everything that is wrong */
  constructor({ outbox, store, options, workflows, projections }: HouseParts) {
    const problems: string[] = [];
    this.outbox = outbox;
    this.store = store;
    this.options = resolveWorkflowsOptions(options, problems);
    this.blueprints = blueprintsOf(workflows, problems);
    const { announcer, options: house } = outbox.application;
    const { clock } = house;
    const onFault = (source: string, error: unknown): void => announcer.fault(source, error);
    this.engine = new Engine({
      store,
      clock,
      chance: Math.random,
      onCommitted: (blueprint, commit) => this.committed(blueprint, commit),
      onDecided: (asked, outcome, version) => this.decided(asked, outcome, version),
      onFault,
      carried: (headers) => announcer.follower?.carried(headers) ?? headers,
    });
    this.rounds = new Rounds(clock, (round, error) => onFault(`workflows ${round}`, error));
    const { blueprints } = this;
    this.projections = new Projections(projections, {
      store,
      blueprints,
      clock,
      everyMs: this.options.projectionInterval,
      onFault,
    });
    if (problems.length > 0) throw new ConfigurationError(problems);
    outbox.application.lend({
      name: 'workflows',
      open: () => this.open(),
      start: () => this.start(),
      stop: () => this.stop(),
      close: () => Promise.resolve(),
    });
  }

  /**
   * Called by Nest, when every provider is there; once more for each context that is a guest.
   *
   * @throws ConfigurationError, StoreUnreachableError, StoreOutdatedError
   */
  onModuleInit(): Promise<void> {
    this.beginning ??= this.begin();
    return this.beginning;
  }

  /** @throws WorkflowUnknownError */
  blueprint(workflow: WorkflowClass | string): Blueprint {
    const name = nameOf(workflow);
    const found = this.blueprints.get(name);
    if (found === undefined) throw new WorkflowUnknownError(name, this.blueprints.keys());
    return found;
  }

  private async begin(): Promise<void> {
    this.projections.open([]);
    await this.open();
  }

  private open(): Promise<void> {
    this.opening ??= this.openStores();
    return this.opening;
  }

  private async openStores(): Promise<void> {
    await this.outbox.relay.open();
    await this.store.open({ migrate: this.outbox.options.migrate });
  }

  private start(): void {
    const { store, blueprints, engine, outbox, options } = this;
    this.rounds.begin([
      timersRound({
        store,
        blueprints,
        mailOf: (blueprint) => engine.mailOf(blueprint),
        onPut: (channel) => outbox.sender.wake(channel),
        everyMs: options.timerInterval,
        batch: options.timerBatch,
      }),
    ]);
    this.rounds.hasten(TIMERS, 0);
    this.projections.start();
  }

  private async stop(): Promise<void> {
    await Promise.all([this.rounds.stop(), this.projections.stop()]);
  }

  private committed({ effectsChannel }: Blueprint, { effects, timers, events }: Commit): void {
    if (effects.length > 0) {
      this.outbox.sender.wake(effectsChannel);
      const { clock } = this.outbox.application.options;
      for (const { delayMs, atMs } of effects) {
        const dueMs = atMs === null ? delayMs : atMs - clock.wall();
        if (dueMs !== null && dueMs > 0) this.outbox.relay.delayed(dueMs);
      }
      this.tellOrphan(effectsChannel, effects.length);
    }
    for (const { delayMs } of timers) this.rounds.hasten(TIMERS, delayMs);
    if (events.length > 0) this.projections.wake();
  }

  /** Effects that nobody here carries out wait for an application that does; that is right on many hosts, and a slip on one. */
  private tellOrphan(channel: string, count: number): void {
    const { relay, application, store } = this.outbox;
    if (relay.place === undefined || relay.channels.includes(channel) || this.orphansTold.has(channel)) return;
    this.orphansTold.add(channel);
    application.announcer.announce('workers.orphans', { store: store.kind, channels: { [channel]: count } });
  }

  private decided({ instance, origin }: Asked, outcome: Delivered, version: number): void {
    this.outbox.application.announcer.announce('workers.decided', {
      workflow: instance.workflow,
      instance: instance.id,
      outcome: outcome.type,
      from: origin.from,
      events: outcome.type === 'accepted' ? outcome.events.length : 0,
      version,
      reason: outcome.type === 'rejected' ? outcome.reason : undefined,
    });
  }
}

/** Each class once, however often it was named. */
function blueprintsOf(workflows: readonly unknown[], problems: string[]): ReadonlyMap<string, Blueprint> {
  const blueprints = new Map<string, Blueprint>();
  for (const target of new Set(workflows)) {
    const blueprint = Blueprint.of(target, problems);
    if (blueprint === undefined) continue;
    if (blueprints.has(blueprint.name))
      problems.push(`workflows: two classes are called "${blueprint.name}". Give one of them another name.`);
    blueprints.set(blueprint.name, blueprint);
  }
  return blueprints;
}

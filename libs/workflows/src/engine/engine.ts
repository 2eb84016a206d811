import type { Clock, Headers } from '@nestjs-workers/core';
import type { Blueprint } from '../decider/blueprint.js';
import { replay, type Replayed } from '../decider/replay.js';
import { written } from '../decider/wording.js';
import { Mail } from '../effects/mail.js';
import type { Commit, Committed, Loaded, Snapshot, WorkflowStore } from '../store/store.js';
import { InstanceBusyError, UniqueKeyTakenError } from '../workflows.errors.js';
import { after, type Asked, commitOf, consumption, decided, type Origin } from './draft.js';
import type { Delivered } from './outcome.js';
import { Turns } from './turns.js';

/** What an engine lives from. */
export interface EngineParts {
  readonly store: WorkflowStore;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly chance: () => number;
  /** Told when something is committed that others have to see to. */
  readonly onCommitted: (blueprint: Blueprint, commit: Commit) => void;
  /** Told of each input when it is over. */
  readonly onDecided: (asked: Asked, outcome: Delivered, version: number) => void;
  /** Told of what went wrong and harms no decision. */
  readonly onFault: (source: string, error: unknown) => void;
  /** Headers with the trace that is under way, for what a decision asks for. @default as they are */
  readonly carried?: (headers: Headers) => Headers;
}

/** How often one input is decided before it is given up. */
const MOST_TRIES = 20;
/** The longest wait before the second try; each further one may be twice as long, up to the last. */
const FIRST_WAIT_MS = 4;
const LONGEST_WAIT_MS = 250;

/**
 * Decides inputs: load, replay, decide, commit, and again when somebody else was faster.
 *
 * Promises: of one instance one input is decided at a time, over all hosts, because of two that were decided on the same version only one
 * is committed; different instances never wait for one another. What is told of an outcome is committed before it is told.
 * Does not promise: an order among callers of one instance.
 *
 * If the application stops now, an input is committed whole or not at all.
 */
export class Engine {
  private readonly turns = new Turns();
  private readonly mails = new Map<string, Mail>();
  /** The workflows of which it was told that their state cannot be written. */
  private readonly unwritable = new Set<string>();

  constructor(private readonly parts: EngineParts) {}

  /** @throws (rejects) UniqueKeyTakenError, InstanceBusyError, EventUnreadableError, DecisionInvalidError, NotPortableError, or what the store said */
  async execute(blueprint: Blueprint, id: string, input: unknown, origin: Origin): Promise<Delivered> {
    const instance = { workflow: blueprint.name, id };
    const asked: Asked = { blueprint, mail: this.mailOf(blueprint), instance, input, origin };
    return this.turns.take(`${blueprint.name}\u0000${id}`, () => this.tryOften(asked));
  }

  /** The state as it is; undefined for an instance that never began. */
  async look(blueprint: Blueprint, id: string): Promise<(Replayed & { readonly loaded: Loaded }) | undefined> {
    const loaded = await this.load(blueprint, id);
    if (loaded.version === 0) return undefined;
    const replayed = await replay(blueprint, id, loaded);
    void this.remember(blueprint, id, loaded, replayed);
    return { ...replayed, loaded };
  }

  /** What would be decided now; nothing is written. */
  async whatIf(blueprint: Blueprint, id: string, input: unknown) {
    const loaded = await this.load(blueprint, id);
    if (loaded.isCompleted) return { type: 'already-completed' } as const;
    const asked: Asked = {
      blueprint,
      mail: this.mailOf(blueprint),
      instance: { workflow: blueprint.name, id },
      input,
      origin: { from: 'caller' },
    };
    const replayed = await replay(blueprint, id, loaded);
    const decision = decided(asked, loaded, replayed);
    if (decision.type === 'reject') return { type: 'rejected', reason: decision.reason } as const;
    const state = after(asked, loaded, replayed, decision.events);
    commitOf(asked, loaded, decision);
    const { events, effects, timers, cancelled, completes } = decision;
    const version = loaded.version + events.length;
    return { type: 'accepted', events, effects, timers, cancelled, completes, state, version } as const;
  }

  mailOf({ name }: Blueprint): Mail {
    const mail = this.mails.get(name) ?? new Mail(name, this.parts.carried);
    this.mails.set(name, mail);
    return mail;
  }

  private async tryOften(asked: Asked): Promise<Delivered> {
    const { blueprint, instance } = asked;
    for (let tries = 1; tries <= MOST_TRIES; tries++) {
      const done = await this.tryOnce(asked);
      if (done !== undefined) {
        this.parts.onDecided(asked, done.outcome, done.version);
        return done.outcome;
      }
      await this.pause(tries);
    }
    throw new InstanceBusyError(blueprint.name, instance.id, MOST_TRIES);
  }

  /** Undefined when somebody else committed first. */
  private async tryOnce(asked: Asked): Promise<{ outcome: Delivered; version: number } | undefined> {
    const { blueprint, instance, origin } = asked;
    const loaded = await this.load(blueprint, instance.id);
    const { version } = loaded;
    if (loaded.isCompleted) return { outcome: { type: 'already-completed' }, version };
    const replayed = await replay(blueprint, instance.id, loaded);
    const decision = decided(asked, loaded, replayed);
    if (decision.type === 'reject') {
      void this.remember(blueprint, instance.id, loaded, replayed);
      const rejected = { type: 'rejected', reason: decision.reason } as const;
      if (origin.from !== 'timer') return { outcome: rejected, version };
      return this.concluded(asked, await this.parts.store.commit(consumption(asked, loaded)), rejected, version);
    }
    const { events } = decision;
    const next = version + events.length;
    const state = after(asked, loaded, replayed, events);
    const isDue = !decision.completes && next - (loaded.snapshot?.version ?? 0) >= blueprint.options.snapshotEvery;
    const snapshot = isDue ? this.snapshotOf(blueprint, next, state) : undefined;
    const commit = { ...commitOf(asked, loaded, decision), snapshot };
    const committed = await this.parts.store.commit(commit);
    if (committed.type === 'committed') this.parts.onCommitted(blueprint, commit);
    return this.concluded(asked, committed, { type: 'accepted', events, version: next }, next, commit.uniqueKey);
  }

  private concluded(
    { instance: { workflow, id } }: Asked,
    committed: Committed,
    outcome: Delivered,
    version: number,
    key: string | null = null,
  ): { outcome: Delivered; version: number } | undefined {
    switch (committed.type) {
      case 'committed':
        return { outcome, version };
      case 'conflict':
        return undefined;
      case 'key-taken':
        throw new UniqueKeyTakenError(workflow, id, key ?? '', committed.by);
      default:
        return { outcome: committed, version };
    }
  }

  private load({ name, options }: Blueprint, id: string): Promise<Loaded> {
    const schema = options.snapshotEvery === Infinity ? undefined : options.snapshotVersion;
    return this.parts.store.load({ workflow: name, id }, schema);
  }

  /** Keeps a snapshot of what had to be replayed for nothing else, so that the next one is faster. */
  private async remember(
    blueprint: Blueprint,
    id: string,
    loaded: Loaded,
    { state, replayed }: Replayed,
  ): Promise<void> {
    const { name, options } = blueprint;
    if (replayed < options.snapshotEvery || loaded.isCompleted) return;
    const snapshot = this.snapshotOf(blueprint, loaded.version, state);
    try {
      if (snapshot !== undefined) await this.parts.store.keepSnapshot({ workflow: name, id }, snapshot);
    } catch (error) {
      this.parts.onFault(`snapshot of workflow "${name}"`, error);
    }
  }

  /** Undefined for a state that cannot be written: that is told once, and its events are replayed each time. */
  private snapshotOf({ name, options }: Blueprint, version: number, state: unknown): Snapshot | undefined {
    try {
      return { version, schema: options.snapshotVersion, state: written(state) };
    } catch (error) {
      if (!this.unwritable.has(name)) this.parts.onFault(`snapshot of workflow "${name}"`, error);
      this.unwritable.add(name);
      return undefined;
    }
  }

  private pause(tries: number): Promise<void> {
    const longest = Math.min(FIRST_WAIT_MS * 2 ** (tries - 1), LONGEST_WAIT_MS);
    return new Promise((resolve) => {
      this.parts.clock.after(longest * this.parts.chance(), resolve);
    });
  }
}

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commitOf, effect, event, ORDER } from '../fixtures/commits.js';
import { HOUR_MS, Scene, typesOf, type WorkflowHarness } from './scene.contract.js';
import type { Commit, Committed, NewTimer, TimerToken } from './store.js';

const IDS = ['o1', 'o2', 'o3'];
const KEYS = ['a', 'b'];

/** What a program says of one commit; hours are told apart by any clock. */
interface Said {
  readonly does: 'commit';
  readonly id: string;
  /** How far the version is from what it is. */
  readonly stale: number;
  readonly events: number;
  readonly effects: number;
  readonly timers: readonly { readonly key: string; readonly hours: number }[];
  readonly cancelled: readonly string[];
  readonly completes: boolean;
  readonly uniqueKey: string | null;
  /** The last timer that fired with this key, gone or not. */
  readonly fired: string | undefined;
  readonly once: number;
  readonly snapshots: boolean;
}
type Step =
  Said | { readonly does: 'pass'; readonly hours: number } | { readonly does: 'fire'; readonly limit: number };

interface ModelTimer {
  readonly dueAt: number;
  readonly order: number;
  isFired: boolean;
}

class ModelInstance {
  events: string[] = [];
  readonly timers = new Map<string, ModelTimer>();
  isCompleted = false;
  snapshot = 0;

  constructor(readonly uniqueKey: string | null) {}
}

/** What is promised, in the plainest words. */
class Model {
  readonly instances = new Map<string, ModelInstance>();
  readonly effects: string[] = [];
  private readonly seen = new Set<string>();
  private hour = 0;
  private order = 0;

  pass(hours: number): void {
    this.hour += hours;
  }

  fire(limit: number): string[] {
    const due = [...this.instances].flatMap(([id, { timers }]) =>
      [...timers].flatMap(([key, timer]) => (timer.isFired || timer.dueAt > this.hour ? [] : [{ id, key, timer }])),
    );
    const fired = due.toSorted((one, other) => one.timer.dueAt - other.timer.dueAt).slice(0, limit);
    for (const { timer } of fired) timer.isFired = true;
    return fired.map(({ id, key }) => `${id}/${key}`);
  }

  /** @param order which setting of the timer had fired */
  commit(said: Said, version: number, order: number | undefined, once: string | null): Committed {
    if (once !== null && this.seen.has(once)) return { type: 'repeated' };
    const found = this.instances.get(said.id);
    if ((found?.events.length ?? 0) !== version || found?.isCompleted === true) return { type: 'conflict' };
    if (order !== undefined && found?.timers.get(said.fired!)?.order !== order) return { type: 'timer-gone' };
    for (const [by, other] of this.instances)
      if (version === 0 && said.uniqueKey !== null && other.uniqueKey === said.uniqueKey && !other.isCompleted)
        return { type: 'key-taken', by };
    if (once !== null) this.seen.add(once);
    for (let at = 0; at < said.effects; at++) this.effects.push(`${said.id}:${version}:${at}`);
    if (version > 0 || said.events > 0) this.write(said, order);
    return { type: 'committed' };
  }

  /** The setting of a timer that is there. */
  orderOf(id: string, key: string): number | undefined {
    return this.instances.get(id)?.timers.get(key)?.order;
  }

  private write(said: Said, order: number | undefined): void {
    const instance = this.instances.get(said.id) ?? new ModelInstance(said.uniqueKey);
    this.instances.set(said.id, instance);
    for (let at = 0; at < said.events; at++) instance.events.push(`e${instance.events.length + 1}`);
    if (order !== undefined) instance.timers.delete(said.fired!);
    for (const key of said.cancelled) instance.timers.delete(key);
    for (const { key, hours } of said.timers)
      instance.timers.set(key, { dueAt: this.hour + hours, order: ++this.order, isFired: false });
    if (said.snapshots && instance.events.length > 0) instance.snapshot = instance.events.length;
    instance.isCompleted = said.completes;
    if (said.completes) instance.timers.clear();
  }
}

const said: fc.Arbitrary<Said> = fc.record({
  does: fc.constant('commit' as const),
  id: fc.constantFrom(...IDS),
  stale: fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constantFrom(-1, 1) }),
  events: fc.nat(3),
  effects: fc.nat(2),
  timers: fc.array(fc.record({ key: fc.constantFrom(...KEYS), hours: fc.constantFrom(1, 3, 5) }), { maxLength: 2 }),
  cancelled: fc.subarray(KEYS),
  completes: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  uniqueKey: fc.constantFrom(null, null, 'u', 'v'),
  fired: fc.option(fc.constantFrom(...KEYS), { nil: undefined }),
  once: fc.nat(30),
  snapshots: fc.boolean(),
});

const program: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: said },
    { weight: 1, arbitrary: fc.record({ does: fc.constant('pass' as const), hours: fc.constantFrom(2, 4) }) },
    { weight: 2, arbitrary: fc.record({ does: fc.constant('fire' as const), limit: fc.integer({ min: 1, max: 4 }) }) },
  ),
  { minLength: 5, maxLength: 25 },
);

/** What the store and the model have become by the same program. */
class Run {
  private readonly model = new Model();
  /** The last that fired of each instance and key. */
  private readonly tokens = new Map<string, { readonly token: TimerToken; readonly order: number }>();
  private n = 0;

  constructor(private readonly scene: Scene) {}

  async step(step: Step): Promise<void> {
    if (step.does === 'pass') {
      this.model.pass(step.hours);
      await this.scene.bench.elapse(step.hours * HOUR_MS);
    } else if (step.does === 'fire') await this.fire(step.limit);
    else await this.commit(step);
  }

  async compare(): Promise<void> {
    for (const id of IDS) {
      const expected = this.model.instances.get(id);
      const loaded = await this.scene.store.load({ ...ORDER, id }, 1);
      const skipped = loaded.snapshot?.version ?? 0;
      expect([loaded.version, loaded.isCompleted]).toEqual([
        expected?.events.length ?? 0,
        expected?.isCompleted ?? false,
      ]);
      // The invariant: what a snapshot stands for and what comes after it is everything.
      expect(typesOf(loaded.events)).toEqual(expected?.events.slice(skipped) ?? []);
      expect(await this.scene.types(id)).toEqual(expected?.events ?? []);
      const timers = await this.scene.store.timers({ ...ORDER, id });
      const told = timers.map(({ key, isFired }) => `${key} ${isFired}`).toSorted();
      expect(told).toEqual([...(expected?.timers ?? [])].map(([key, { isFired }]) => `${key} ${isFired}`).toSorted());
    }
    expect((await this.scene.payloads()).toSorted()).toEqual(this.model.effects.toSorted());
    const written = IDS.flatMap((id) => this.model.instances.get(id)?.events.map((_, at) => `${id}/${at + 1}`) ?? []);
    const log = await this.scene.logged(written.length);
    expect(log.map(({ id, sequence }) => `${id}/${sequence}`).toSorted()).toEqual(written.toSorted());
  }

  private async fire(limit: number): Promise<void> {
    const fired = await this.scene.fire(['order'], limit);
    // Those that are due at the same hour fire in any order, so the model may not be asked which.
    const all = this.model.fire(1_000);
    for (const { id, key, generation } of fired)
      this.tokens.set(`${id}/${key}`, { token: { key, generation }, order: this.model.orderOf(id, key)! });
    const names = fired.map(({ id, key }) => `${id}/${key}`);
    expect(all).toEqual(expect.arrayContaining(names));
    const rest = await this.scene.fire(['order'], 1_000);
    for (const { id, key, generation } of rest)
      this.tokens.set(`${id}/${key}`, { token: { key, generation }, order: this.model.orderOf(id, key)! });
    expect([...names, ...rest.map(({ id, key }) => `${id}/${key}`)].toSorted()).toEqual(all.toSorted());
  }

  private async commit(said: Said): Promise<void> {
    const found = this.model.instances.get(said.id);
    const version = Math.max(0, (found?.events.length ?? 0) + said.stale);
    const fired = said.fired === undefined ? undefined : this.tokens.get(`${said.id}/${said.fired}`);
    const once = said.once > 15 ? null : `message ${said.once}`;
    const reached = version + said.events;
    const commit: Commit = commitOf({
      instance: { ...ORDER, id: said.id },
      version,
      events: Array.from({ length: said.events }, (_, at) => event(`e${version + at + 1}`)),
      effects: Array.from({ length: said.effects }, (_, at) => effect(`${said.id}:${version}:${at}`)),
      timers: said.timers.map(({ key, hours }): NewTimer => ({ key, delayMs: hours * HOUR_MS, input: `${++this.n}` })),
      cancelled: said.cancelled,
      completes: said.completes,
      uniqueKey: said.uniqueKey,
      firedTimer: fired?.token,
      snapshot: said.snapshots && reached > 0 ? { version: reached, schema: 1, state: `${reached}` } : undefined,
      once,
    });
    expect(await this.scene.store.commit(commit)).toEqual(this.model.commit(said, version, fired?.order, once));
  }
}

export function modelContract(harness: WorkflowHarness): void {
  describe('a random program', () => {
    it('does what a plain model does', { timeout: 60_000 }, async () => {
      // A time limit of the runner's would leave the run that is under way to itself, with its tables dropped around it.
      const until = Date.now() + 4_000;
      await fc.assert(
        fc.asyncProperty(program, async (steps) => {
          if (Date.now() > until) return;
          const run = new Run(await Scene.of(harness));
          for (const step of steps) await run.step(step);
          await run.compare();
        }),
        { numRuns: 25 },
      );
    });
  });
}

import { SystemClock } from '@nestjs-workers/core/extension';
import { memoryStore } from '@nestjs-workers/outbox/testing';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Blueprint } from '../decider/blueprint.js';
import { accept, type Decision, reject } from '../decider/decision.js';
import { read } from '../decider/wording.js';
import type { WorkflowClass, WorkflowDefinition } from '../decider/workflow.js';
import { Workflow } from '../decider/workflow.decorator.js';
import { workflowStore } from '../memory/index.js';
import type { Commit } from '../store/store.js';
import { DecisionInvalidError, EventUnreadableError, InstanceBusyError } from '../workflows.errors.js';
import { Engine } from './engine.js';

type Tally = { readonly sum: number; readonly seen: Map<string, Date> };
type Added = { readonly type: 'added'; readonly by: number; readonly at: Date };

/** Adds up; its state and its events have what JSON has not. */
class Tallying implements WorkflowDefinition<Tally, number, Added, bigint, 'odd'> {
  initial(): Tally {
    return { sum: 0, seen: new Map() };
  }
  evolve({ sum, seen }: Tally, { by, at }: Added): Tally {
    return { sum: sum + by, seen: new Map([...seen, [String(by), at]]) };
  }
  decide({ sum }: Tally, by: number, now: Date): Decision<Added, bigint, never, 'odd'> {
    return by % 2 === 1 ? reject('odd') : accept({ type: 'added', by, at: now }).effect(BigInt(sum + by));
  }
}

@Workflow('tally', { snapshotEvery: 3 })
class TallyWorkflow extends Tallying {}

function stage(workflow: WorkflowClass = TallyWorkflow, outbox = memoryStore()) {
  const store = workflowStore(outbox);
  const faults: unknown[] = [];
  const parts = {
    store,
    clock: new SystemClock(),
    chance: () => 0,
    onCommitted: () => {},
    onDecided: () => {},
    onFault: (_: string, error: unknown) => faults.push(error),
  };
  const blueprint = Blueprint.of(workflow, []) as Blueprint;
  const engine = new Engine(parts);
  const give = (input: unknown, id = '1') => engine.execute(blueprint, id, input, { from: 'caller' });
  return { outbox, store, blueprint, engine, give, faults, another: () => new Engine(parts) };
}

const instance = { workflow: 'tally', id: '1' };

describe('the engine', () => {
  it('numbers the events of each instance from 1, without a gap (IF1, IF3, IF6, IF7)', async () => {
    const { give, store } = stage();
    for (const id of ['1', '2']) for (const by of [2, 4]) await give(by, id);
    for (const id of ['1', '2']) {
      const history = await store.history({ workflow: 'tally', id }, { after: 0, limit: 10 });
      expect(history.map(({ sequence }) => sequence)).toEqual([1, 2]);
    }
    const log = await store.eventsAfter(undefined, ['tally'], 10);
    expect(log.map(({ id, sequence }) => `${id}.${sequence}`)).toEqual(['1.1', '1.2', '2.1', '2.2']);
  });

  it('decides the inputs of one instance one after the other, on however many hosts (IF18)', async () => {
    const { blueprint, another, engine, outbox } = stage();
    const engines = [another(), another(), another()];
    await Promise.all(
      Array.from({ length: 30 }, (_, n) => (engines[n % 3] as Engine).execute(blueprint, '1', 2, { from: 'caller' })),
    );
    expect((await engine.look(blueprint, '1'))?.state).toMatchObject({ sum: 60 });
    // Each asked for an effect with the sum that it saw: no two saw the same.
    const sums = (await outbox.peek('tally.effects', 100)).map(({ payload }) => Number(read(payload)));
    expect(sums).toEqual(Array.from({ length: 30 }, (_, n) => (n + 1) * 2));
  });

  it('does not have one instance wait for another (IF19)', async () => {
    const { store, give } = stage();
    const commit = store.commit.bind(store);
    let goOn: () => void = () => {};
    const held = new Promise<void>((resolve) => (goOn = resolve));
    store.commit = async (one: Commit) => {
      if (one.instance.id === 'slow') await held;
      return commit(one);
    };
    const slow = give(2, 'slow');
    await expect(give(2, 'fast')).resolves.toMatchObject({ type: 'accepted' });
    goOn();
    await expect(slow).resolves.toMatchObject({ type: 'accepted' });
  });

  it('gives up an instance that changes each time, after a number of tries', async () => {
    const { store, give } = stage();
    store.commit = async () => ({ type: 'conflict' });
    await expect(give(2)).rejects.toThrow(InstanceBusyError);
  });

  it('decides an input once whose message comes twice (IFx5)', async () => {
    const { engine, blueprint } = stage();
    const origin = { from: 'channel', once: 'message 7' } as const;
    expect(await engine.execute(blueprint, '1', 2, origin)).toMatchObject({ type: 'accepted' });
    expect(await engine.execute(blueprint, '1', 2, origin)).toEqual({ type: 'repeated' });
    expect((await engine.look(blueprint, '1'))?.state).toMatchObject({ sum: 2 });
  });

  it('decides on the clock of the store', async () => {
    const { give, store } = stage(TallyWorkflow, memoryStore({ now: () => 86_400_000 }));
    await give(2);
    expect((await store.history(instance, { after: 0, limit: 1 }))[0]?.payload).toContain('1970-01-02');
  });

  it('writes values and reads the same ones again, and refuses what cannot be', async () => {
    const { give, outbox, blueprint, engine } = stage();
    await give(4);
    const { state } = (await engine.look(blueprint, '1')) as { state: Tally };
    expect([...state.seen]).toEqual([['4', expect.any(Date)]]);
    expect((await outbox.stats())['tally.effects']).toMatchObject({ ready: 1 });
    await expect(give({ by: () => 0 })).rejects.toThrow();
  });
});

describe('what something is called', () => {
  @Workflow('note')
  class Note implements WorkflowDefinition<number, string, string, never, never> {
    initial(): number {
      return 0;
    }
    evolve(state: number): number {
      return state + 1;
    }
    decide(_state: number, input: string): Decision<string, never, string> {
      return input.startsWith('timer') ? accept('set').timer(input, '1m', 'ring') : accept(input);
    }
    uniqueKey(input: string): string | undefined {
      if (input === 'an empty key') return '';
      return input.startsWith('key') ? input : undefined;
    }
  }

  it('is a name only where it can be one; a text that is longer, or has other signs, is kept as it is and named nowhere', async () => {
    const { give, store } = stage(Note);
    const texts = ['short', 'before\u0000after', '\ud800', 'line\nline', 'x'.repeat(101)];
    for (const text of texts) await give(text);
    const history = await store.history({ workflow: 'note', id: '1' }, { after: 0, limit: 10 });
    expect(history.map(({ type, input }) => [type, input])).toEqual([
      ['short', 'short'],
      ...texts.slice(1).map(() => [null, null]),
    ]);
    expect(history.map(({ payload }) => JSON.parse(payload) as string)).toEqual(texts);
  });

  it('must be a text that every database keeps, if it is a key', async () => {
    const { give, store } = stage(Note);
    for (const input of ['timer \u0000', 'timer \ud800', 'key \u0000', 'key \udfff'])
      await expect(give(input)).rejects.toThrow(DecisionInvalidError);
    await expect(give('an empty key')).rejects.toThrow(/uniqueKey\(\) a text that is not empty.* got an empty one/);
    expect(await store.list({}, { limit: 1 })).toEqual([]);
  });
});

describe('a snapshot', () => {
  it('is kept after so many events, and only those after it are replayed (IFx11)', async () => {
    const { give, store, engine, blueprint } = stage();
    for (let n = 0; n < 10; n++) await give(2);
    const loaded = await store.load(instance, 1);
    expect([loaded.snapshot?.version, loaded.events.length]).toEqual([9, 1]);
    expect((await engine.look(blueprint, '1'))?.state).toMatchObject({ sum: 20 });
  });

  it('of another version is passed over, and replaced by one of this', async () => {
    const { give, outbox } = stage();
    for (let n = 0; n < 4; n++) await give(2);
    @Workflow('tally', { snapshotEvery: 3, snapshotVersion: 2 })
    class Newer extends Tallying {
      override evolve(state: Tally, event: Added): Tally {
        return { ...super.evolve(state, event), sum: state.sum + event.by * 10 };
      }
    }
    const newer = stage(Newer, outbox);
    expect((await newer.engine.look(newer.blueprint, '1'))?.state).toMatchObject({ sum: 80 });
    expect((await newer.store.load(instance, 2)).snapshot).toMatchObject({ version: 4, schema: 2 });
  });

  it('that cannot be written is told, and its events are replayed instead', async () => {
    class Classy extends Tallying {
      override evolve(state: Tally, event: Added): Tally {
        return Object.assign(new (class State {})(), super.evolve(state, event));
      }
    }
    Workflow('tally', { snapshotEvery: 2 })(Classy);
    const { give, faults } = stage(Classy);
    for (let n = 0; n < 3; n++) expect(await give(2)).toMatchObject({ type: 'accepted' });
    expect(faults).toHaveLength(1);
  });
});

describe('an event of an older version', () => {
  it('is made one of today, and refused where nobody does that', async () => {
    const { give, outbox } = stage();
    await give(2);
    @Workflow('tally', { version: 2 })
    class Mute extends Tallying {}
    @Workflow('tally', { version: 2 })
    class Able extends Tallying {
      upcast(event: unknown, version: number): Added {
        return { ...(event as Added), by: (event as Added).by * 100 * version };
      }
    }
    const mute = stage(Mute, outbox);
    await expect(mute.give(2)).rejects.toThrow(EventUnreadableError);
    await expect(mute.give(2)).rejects.toThrow('event 1 cannot be replayed: it was written under version 1');
    const able = stage(Able, outbox);
    await able.give(2);
    expect((await able.engine.look(able.blueprint, '1'))?.state).toMatchObject({ sum: 202 });
    await expect(give(2)).rejects.toThrow('knows versions up to 1');
  });
});

it('replays any history to the state that was decided on, with snapshots and without', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: -50, max: 50 }), { maxLength: 20 }), async (inputs) => {
      const { give, outbox, engine, blueprint } = stage();
      for (const input of inputs) await give(input);
      @Workflow('tally', { snapshotEvery: false })
      class Whole extends Tallying {}
      const whole = stage(Whole, outbox);
      const kept = inputs.filter((input) => input % 2 !== 1);
      const [one, other] = [await engine.look(blueprint, '1'), await whole.engine.look(whole.blueprint, '1')];
      expect(one?.state).toEqual(other?.state);
      expect((one?.state as Tally | undefined)?.sum ?? 0).toBe(kept.reduce((sum, by) => sum + by, 0));
    }),
    { numRuns: 50 },
  );
});

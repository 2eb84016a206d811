import { Inject, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  channel,
  ConfigurationError,
  inThread,
  PermanentError,
  provideWorkers,
  Worker,
  type WorkerContext,
  WorkerGateway,
  WorkersModule,
} from '@nestjs-workers/core';
import { until } from '@nestjs-workers/core/testing';
import { OutboxModule } from '@nestjs-workers/outbox';
import { memoryStore, memoryTransaction } from '@nestjs-workers/outbox/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { application, compiled } from './fixtures/application.js';
import { effect } from './fixtures/commits.js';
import { type OrderEffect, type OrderInput, OrderWorkflow } from './fixtures/order.js';
import {
  accept,
  type Decision,
  Effects,
  type EffectsHandler,
  EventUnreadableError,
  reject,
  UniqueKeyTakenError,
  Workflow,
  type WorkflowDefinition,
  workflowInstance,
  Workflows,
  WorkflowsModule,
  WorkflowUnknownError,
} from './index.js';
import { WorkflowsHouse } from './workflows.house.js';

const Looks = channel<(seen: readonly unknown[]) => void>('looks', { buffer: 1 });
const place: OrderInput = { type: 'place', customer: 'ada', amount: 30 };

/** Carries an order's effects out; what it answers is for the test to say. */
function effects(answer: (effect: OrderEffect, context: WorkerContext) => OrderInput | undefined) {
  @Effects(OrderWorkflow, { name: 'OrderEffects', concurrency: 4 })
  class OrderEffects implements EffectsHandler<typeof OrderWorkflow> {
    handle(effect: OrderEffect, context: WorkerContext): OrderInput | undefined {
      return answer(effect, context);
    }
  }
  return OrderEffects;
}

describe('a handler that is kept here, whose context imports the workflows as well', () => {
  it('is a guest of the application: there is one house, and one store', async () => {
    const modules = () => [
      WorkersModule.forRoot({ channels: [Looks], guard: 'off', workers: { Looking: { dispatch: 'inline' } } }),
      OutboxModule.forRoot({ store: memoryStore() }),
      WorkflowsModule.forRoot({ workflows: [OrderWorkflow] }),
    ];
    @Module({ imports: modules() })
    class SharedModule {}

    @Worker({ in: Looks, expose: true, dispatch: inThread({ context: () => SharedModule }) })
    class Looking {
      constructor(
        @Inject(WorkflowsHouse) private readonly house: WorkflowsHouse,
        @Inject(Workflows) private readonly workflows: Workflows,
      ) {}

      async handle(look: (seen: readonly unknown[]) => void): Promise<void> {
        look([this.house, (await this.workflows.state(OrderWorkflow, '1'))?.version]);
      }
    }
    const app = await Test.createTestingModule({
      imports: modules(),
      providers: [...provideWorkers(Looking)],
    }).compile();
    await app.init();
    onTestFinished(() => app.close());
    await app.get(Workflows).execute(OrderWorkflow, '1', place);
    const seen = await new Promise<readonly unknown[]>((resolve) => {
      void app.get(WorkerGateway).command(Looking, resolve);
    });
    expect(seen[0] === app.get(WorkflowsHouse)).toBe(true);
    expect(seen[1]).toBe(1);
  });
});

describe('an input', () => {
  it('that is accepted is told with its events, and the state is what they come to (IF47, IF48, IF54)', async () => {
    const { workflows } = await application({ workflows: [OrderWorkflow] });
    const outcome = await workflows.execute(OrderWorkflow, '1', place);
    expect(outcome).toEqual({
      type: 'accepted',
      events: [{ type: 'placed', amount: 30, at: expect.any(Date) as Date }],
      version: 1,
    });
    expect(await workflows.state(OrderWorkflow, '1')).toEqual({
      state: { status: 'placed', amount: 30, failures: 0 },
      version: 1,
      isCompleted: false,
    });
  });

  it('that is rejected is told with its reason and appends nothing; the first one leaves no row (IF55-57)', async () => {
    const { workflows, decided } = await application({ workflows: [OrderWorkflow] });
    expect(await workflows.execute(OrderWorkflow, '1', { ...place, amount: 0 })).toEqual({
      type: 'rejected',
      reason: 'nothing to pay',
    });
    expect([await workflows.list(), await workflows.state(OrderWorkflow, '1')]).toEqual([[], undefined]);
    await workflows.execute(OrderWorkflow, '1', place);
    await workflows.execute(OrderWorkflow, '1', place);
    expect(await workflows.history(OrderWorkflow, '1')).toHaveLength(1);
    expect(decided.map(({ outcome, reason }) => [outcome, reason])).toEqual([
      ['rejected', 'nothing to pay'],
      ['accepted', undefined],
      ['rejected', 'placed already'],
    ]);
  });

  it('of a completed instance is not decided (IF20, IF50, IF51, IF59)', async () => {
    const { workflows } = await application({ workflows: [OrderWorkflow] });
    await workflows.execute(OrderWorkflow, '1', place);
    await workflows.execute(OrderWorkflow, '1', { type: 'expire' });
    expect(await workflows.execute(OrderWorkflow, '1', place)).toEqual({ type: 'already-completed' });
    expect(await workflows.state(OrderWorkflow, '1')).toMatchObject({ isCompleted: true, version: 2 });
    expect(await workflows.timers(OrderWorkflow, '1')).toEqual([]);
  });

  it('may be given by the name of its workflow; an unknown one is an error with the near miss (IF45, IF46, IF61)', async () => {
    const { workflows } = await application({ workflows: [OrderWorkflow] });
    expect(await workflows.execute('order', '1', { type: 'charged' })).toEqual({
      type: 'rejected',
      reason: 'not placed',
    });
    const unknown = workflows.execute('ordr', '1', place);
    await expect(unknown).rejects.toThrow(WorkflowUnknownError);
    await expect(unknown).rejects.toThrow('Did you mean "order"?');
  });

  it('asked for by whatIf is decided and not written', async () => {
    const { workflows } = await application({ workflows: [OrderWorkflow] });
    const what = await workflows.whatIf(OrderWorkflow, '1', place);
    expect(what).toMatchObject({
      type: 'accepted',
      state: { status: 'placed' },
      version: 1,
      timers: [{ key: 'payment' }],
    });
    expect(await workflows.whatIf(OrderWorkflow, '1', { type: 'charged' })).toEqual({
      type: 'rejected',
      reason: 'not placed',
    });
    expect(await workflows.list()).toEqual([]);
  });

  it('that begins with a key of another that goes on is refused, until that one is completed (IF36-40)', async () => {
    const { workflows } = await application({ workflows: [OrderWorkflow] });
    await workflows.execute(OrderWorkflow, '1', place);
    const taken: unknown = await workflows.execute(OrderWorkflow, '2', place).catch((error: unknown) => error);
    expect(taken).toBeInstanceOf(UniqueKeyTakenError);
    expect(taken).toMatchObject({ key: 'ada', takenBy: '1', id: '2' });
    expect(await workflows.execute(OrderWorkflow, '1', place)).toMatchObject({ type: 'rejected' });
    await workflows.execute(OrderWorkflow, '1', { type: 'expire' });
    expect(await workflows.execute(OrderWorkflow, '2', place)).toMatchObject({ type: 'accepted' });
    const both = await Promise.allSettled(
      ['3', '4'].map((id) => workflows.execute(OrderWorkflow, id, { ...place, customer: 'bob' })),
    );
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  it('sent in a transaction is decided when that commits, and never when it rolls back', async () => {
    const { workflows, store } = await application({ workflows: [OrderWorkflow] });
    const [kept, dropped] = [memoryTransaction(store), memoryTransaction(store)];
    await workflows.send(OrderWorkflow, 'kept', place, { transaction: kept });
    await workflows.send(OrderWorkflow, 'dropped', { ...place, customer: 'bob' }, { transaction: dropped });
    dropped.rollback();
    kept.commit();
    await workflows.send(OrderWorkflow, 'last', { ...place, customer: 'cyd' });
    await until(async () => (await workflows.state(OrderWorkflow, 'last')) !== undefined);
    await until(async () => (await workflows.list()).length === 2);
    expect((await workflows.list()).map(({ id }) => id).toSorted()).toEqual(['kept', 'last']);
  });

  it('is told apart by instance and by workflow, and lists and histories are paged (IF8, IF53, IF65, IF66)', async () => {
    @Workflow('other')
    class Other extends OrderWorkflow {}
    const { workflows } = await application({ workflows: [OrderWorkflow, Other] });
    for (const id of ['1', '2', '3']) await workflows.execute(OrderWorkflow, id, { ...place, customer: id });
    await workflows.execute(Other, '1', place);
    await workflows.execute(Other, '1', { type: 'expire' });
    expect(
      (await workflows.history(OrderWorkflow, '1')).map(({ sequence, input, event }) => [sequence, input, event.type]),
    ).toEqual([[1, 'place', 'placed']]);
    expect(await workflows.history(Other, '1', { after: 1, limit: 1 })).toMatchObject([
      { sequence: 2, input: 'expire' },
    ]);
    const page = await workflows.list({ workflow: OrderWorkflow, limit: 2 });
    expect(page.map(({ id }) => id)).toEqual(['3', '2']);
    const next = await workflows.list({ workflow: 'order', limit: 2, before: page[1]?.number ?? 0 });
    expect(next.map(({ id }) => id)).toEqual(['1']);
    expect((await workflows.list({ state: 'completed' })).map(({ workflow }) => workflow)).toEqual(['other']);
  });
});

describe('an effect', () => {
  it('is carried out, and what its handler returns is the next input of the same instance (IF49, IF63)', async () => {
    const asked: unknown[] = [];
    const { workflows, decided } = await application({
      workflows: [OrderWorkflow],
      providers: [
        effects((effect, context) => {
          asked.push([effect, workflowInstance(context)]);
          return { type: effect.type === 'charge' ? 'charged' : 'shipped' };
        }),
      ],
    });
    await workflows.execute(OrderWorkflow, '1', place);
    await until(async () => (await workflows.state(OrderWorkflow, '1'))?.isCompleted === true);
    expect(asked).toEqual([
      [
        { type: 'charge', amount: 30 },
        { workflow: 'order', id: '1' },
      ],
      [{ type: 'ship' }, { workflow: 'order', id: '1' }],
    ]);
    expect((await workflows.history(OrderWorkflow, '1')).map(({ event }) => event.type)).toEqual([
      'placed',
      'paid',
      'sent',
    ]);
    await until(() => decided.length === 3);
    expect(decided.map(({ from }) => from)).toEqual(['caller', 'channel', 'channel']);
  });

  it('whose answer is rejected, or comes too late, is done all the same, and observers learn of it', async () => {
    const { workflows, decided, store } = await application({
      workflows: [OrderWorkflow],
      providers: [effects(() => ({ type: 'shipped' }))],
    });
    await workflows.execute(OrderWorkflow, '1', place);
    await until(() => decided.length === 2);
    expect(decided[1]).toMatchObject({ outcome: 'rejected', from: 'channel', instance: '1', reason: 'not placed' });
    await until(async () =>
      Object.values(await store.stats()).every(({ ready, claimed, dead }) => ready + claimed + dead === 0),
    );
  });

  it('that fails is tried again, and its failure for good is a dead letter with the instance in its headers (IF70-72)', async () => {
    let tries = 0;
    const { workflows, dead } = await application({
      workflows: [OrderWorkflow],
      providers: [
        effects(({ type }) => {
          if (type === 'ship') throw new PermanentError('no address');
          if (++tries === 1) throw new Error('busy');
          return { type: 'charged' };
        }),
      ],
    });
    await workflows.execute(OrderWorkflow, '1', place);
    await until(async () => (await dead.count()) === 1);
    const letters = await dead.find();
    expect(letters).toMatchObject([
      { channel: 'order.effects', payload: { type: 'ship' }, headers: { 'workflow-instance': '1' } },
    ]);
    expect(tries).toBe(2);
  });

  it('that nobody here carries out waits, and that is told once', async () => {
    const { workflows, orphans, store } = await application({ workflows: [OrderWorkflow] });
    await workflows.execute(OrderWorkflow, '1', place);
    await workflows.execute(OrderWorkflow, '2', { ...place, customer: 'bob' });
    expect(orphans).toEqual([{ 'order.effects': 1 }]);
    expect((await store.stats())['order.effects']).toMatchObject({ ready: 2 });
  });

  it('and its events are committed together, or neither (IF2, IF4, IF5)', async () => {
    const store = memoryStore();
    const { workflows } = await application({ store, workflows: [OrderWorkflow] });
    const append = store.append.bind(store);
    store.append = async () => {
      throw new Error('the disk is full');
    };
    await expect(workflows.execute(OrderWorkflow, '1', place)).rejects.toThrow('the disk is full');
    store.append = append;
    expect(await workflows.list()).toEqual([]);
    expect(await workflows.execute(OrderWorkflow, '1', place)).toMatchObject({ type: 'accepted' });
  });
});

describe('an input that comes by the channel', () => {
  it('and cannot be decided is a dead letter with the reason (IF74)', async () => {
    const { workflows, dead, store } = await application({ workflows: [OrderWorkflow] });
    const channel = 'order.inputs';
    await store.append([
      effect('{"$wire":', { channel, headers: '{"workflow":"order","workflow-instance":"1"}' }),
      effect('"lost"', { channel }),
    ]);
    await workflows.send(OrderWorkflow, '2', place);
    await until(async () => (await dead.count()) === 2);
    const letters = await dead.find();
    expect(letters.map(({ history }) => history.at(-1)?.message).join()).toMatch(/JSON.*names none|names none.*JSON/s);
    await until(async () => (await workflows.state(OrderWorkflow, '2')) !== undefined);
  });
});

describe('a corrupted event', () => {
  it('is reported with its workflow, instance and sequence (IF35)', async () => {
    let version = 1;
    @Workflow('fragile')
    class Fragile implements WorkflowDefinition<number, 'add', 'added', never, 'full'> {
      initial(): number {
        return 0;
      }
      evolve(state: number): number {
        if (state >= 1 && version === 2) throw new TypeError('what is this?');
        return state + 1;
      }
      decide(state: number, _input: 'add'): Decision<'added', never, never, 'full'> {
        return state > 9 ? reject('full') : accept('added');
      }
    }
    const { workflows } = await application({ workflows: [Fragile] });
    for (let n = 0; n < 3; n++) await workflows.execute(Fragile, 'x', 'add');
    version = 2;
    const failed: unknown = await workflows.execute(Fragile, 'x', 'add').catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(EventUnreadableError);
    expect(failed).toMatchObject({ workflow: 'fragile', id: 'x', sequence: 2 });
    // Nor is one written that could not be replayed.
    await expect(workflows.execute(Fragile, 'y', 'add')).resolves.toMatchObject({ version: 1 });
    await expect(workflows.execute(Fragile, 'y', 'add')).rejects.toThrow(EventUnreadableError);
    expect(await workflows.history(Fragile, 'y')).toHaveLength(1);
  });
});

describe('the module', () => {
  it('refuses at the start what is no workflow, all of it at once (IF41-44)', async () => {
    class Plain {}
    @Workflow('twin')
    class One extends OrderWorkflow {}
    @Workflow('twin')
    class Two extends OrderWorkflow {}
    @Workflow('bad name', { snapshotEvery: 0, wrong: true } as never)
    class Bad extends OrderWorkflow {}
    class Asking extends OrderWorkflow {
      constructor(readonly clock: object) {
        super();
      }
    }
    Workflow('asking')(Asking as never);
    const failed: unknown = await compiled({ workflows: [Plain as never, One, Two, Bad, Asking as never] }).catch(
      (error: unknown) => error,
    );
    expect(failed).toBeInstanceOf(ConfigurationError);
    const { problems } = failed as ConfigurationError;
    for (const part of [
      '@Workflow',
      'two classes are called "twin"',
      'bad name',
      'snapshotEvery',
      'wrong',
      'without arguments',
    ])
      expect(problems.join('\n')).toContain(part);
  });

  it('says that it needs an outbox, where there is none', async () => {
    @Module({ imports: [WorkersModule.forRoot({}), WorkflowsModule.forRoot({ workflows: [OrderWorkflow] })] })
    class AppModule {}
    const compiling = Test.createTestingModule({ imports: [AppModule] }).compile();
    await expect(compiling).rejects.toThrow('WorkflowsModule stands on the store of OutboxModule, and there is none.');
  });

  it('takes the workflows of feature modules, and options from a factory', async () => {
    @Workflow('feature')
    class Feature extends OrderWorkflow {}
    const { workflows } = await application({
      workflows: [OrderWorkflow],
      imports: [WorkflowsModule.forFeature({ workflows: [Feature] })],
    });
    await workflows.send(Feature, '1', place);
    await until(async () => (await workflows.state(Feature, '1')) !== undefined);
  });

  it('may be named by several modules, and is there once', async () => {
    const { workflows } = await application({
      workflows: [OrderWorkflow],
      providers: [effects(() => ({ type: 'charged' }))],
      imports: [WorkflowsModule.forFeature({ workflows: [OrderWorkflow] })],
    });
    await workflows.execute(OrderWorkflow, '1', place);
    await until(async () => (await workflows.state(OrderWorkflow, '1'))?.version === 2);
  });
});

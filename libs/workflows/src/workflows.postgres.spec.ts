import { until } from '@nestjs-workers/core/testing';
import { expect, it, onTestFinished } from 'vitest';
import { application } from './fixtures/application.js';
import { type OrderEffect, type OrderInput, OrderWorkflow } from './fixtures/order.js';
import { accept, type Decision, Effects, Workflow, type WorkflowDefinition } from './index.js';
import { postgresBench } from './postgres/fixtures/postgres.harness.js';

@Workflow('sum', { snapshotEvery: 5 })
class SumWorkflow implements WorkflowDefinition<readonly number[], number, number> {
  initial(): readonly number[] {
    return [];
  }
  evolve(state: readonly number[], event: number): readonly number[] {
    return [...state, event];
  }
  decide(state: readonly number[], input: number): Decision<number> {
    return accept(input * 1_000 + state.length);
  }
}

@Effects(OrderWorkflow, { concurrency: 8 })
class OrderEffects {
  handle({ type }: OrderEffect): OrderInput {
    return { type: type === 'charge' ? 'charged' : 'shipped' };
  }
}

/** Two hosts on one schema. */
async function hosts() {
  const bench = postgresBench();
  onTestFinished(() => bench.data.drop());
  const asked = { workflows: [OrderWorkflow, SumWorkflow], providers: [OrderEffects] };
  return [
    await application({ store: bench.outbox, ...asked }),
    await application({ store: bench.another(), ...asked }),
  ] as const;
}

it('carries instances through to their end on PostgreSQL, over two hosts', async () => {
  const both = await hosts();
  const ids = Array.from({ length: 20 }, (_, n) => `${n}`);
  await Promise.all(
    ids.map((id, n) =>
      both[n % 2 === 0 ? 0 : 1].workflows.execute(OrderWorkflow, id, { type: 'place', customer: id, amount: 1 }),
    ),
  );
  const [{ workflows }] = both;
  await until(async () => (await workflows.list({ state: 'completed' })).length === ids.length, '20s');
  for (const id of ids)
    expect((await workflows.history(OrderWorkflow, id)).map(({ event }) => event.type)).toEqual([
      'placed',
      'paid',
      'sent',
    ]);
});

it('decides what many give to one instance at the same time in some order, each on the state before it', async () => {
  const both = await hosts();
  const given = Array.from({ length: 30 }, (_, n) => n);
  await Promise.all(given.map((n) => both[n % 2 === 0 ? 0 : 1].workflows.execute(SumWorkflow, 'one', n)));
  const state = (await both[0].workflows.state(SumWorkflow, 'one'))?.state ?? [];
  expect(state.map((event) => event % 1_000)).toEqual(given);
  expect(state.map((event) => Math.floor(event / 1_000)).toSorted((one, other) => one - other)).toEqual(given);
});

it('takes any text as input and event on PostgreSQL, also what that keeps in no column of texts', async () => {
  @Workflow('note')
  class Note implements WorkflowDefinition<readonly string[], string, string> {
    initial(): readonly string[] {
      return [];
    }
    evolve(state: readonly string[], event: string): readonly string[] {
      return [...state, event];
    }
    decide(_state: readonly string[], input: string): Decision<string> {
      return accept(input);
    }
  }
  const bench = postgresBench();
  onTestFinished(() => bench.data.drop());
  const { workflows } = await application({ store: bench.outbox, workflows: [Note] });
  const texts = ['before\u0000after', '\ud800', 'x'.repeat(5_000), ''];
  for (const text of texts) await workflows.execute(Note, '1', text);
  expect((await workflows.state(Note, '1'))?.state).toEqual(texts);
});

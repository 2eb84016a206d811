import { describe, expectTypeOf, it } from 'vitest';
import { accept, type Decision, reject } from './decider/decision.js';
import type { EffectOf, EventOf, InputOf, RejectionOf, StateOf, WorkflowDefinition } from './decider/workflow.js';
import {
  type Order,
  type OrderEffect,
  type OrderEvent,
  type OrderInput,
  type OrderRejection,
  OrderWorkflow,
} from './fixtures/order.js';
import { given } from './testing/given.js';

describe('the types of a workflow', () => {
  it('are inferred from its class', () => {
    type W = typeof OrderWorkflow;
    expectTypeOf<StateOf<W>>().toEqualTypeOf<Order>();
    expectTypeOf<InputOf<W>>().toEqualTypeOf<OrderInput>();
    expectTypeOf<EventOf<W>>().toEqualTypeOf<OrderEvent>();
    expectTypeOf<EffectOf<W>>().toEqualTypeOf<OrderEffect>();
    expectTypeOf<RejectionOf<W>>().toEqualTypeOf<OrderRejection>();
  });

  it('are never where there are no effects or rejections', () => {
    class Counter implements WorkflowDefinition<number, 'add', 'added'> {
      initial = (): number => 0;
      evolve = (state: number, _event: 'added'): number => state + 1;
      decide = (_state: number, _input: 'add', _now: Date): Decision<'added'> => accept('added');
    }
    expectTypeOf<EffectOf<typeof Counter>>().toEqualTypeOf<never>();
    expectTypeOf<RejectionOf<typeof Counter>>().toEqualTypeOf<never>();
  });

  it('are kept by the builder, which widens nothing', () => {
    const decision = accept({ type: 'paid' }).effect({ type: 'ship' }).cancelTimer('payment').complete();
    expectTypeOf(decision).toExtend<Decision<OrderEvent, OrderEffect, OrderInput>>();
    expectTypeOf(accept({ type: 'lost' })).not.toExtend<Decision<OrderEvent>>();
    expectTypeOf(accept({ type: 'paid' }).effect({ type: 'fly' })).not.toExtend<Decision<OrderEvent, OrderEffect>>();
    expectTypeOf(accept({ type: 'paid' }).timer('x', '1s', 'no input')).not.toExtend<
      Decision<OrderEvent, OrderEffect, OrderInput>
    >();
    expectTypeOf(reject('not placed')).toExtend<Decision<never, never, never, OrderRejection>>();
    expectTypeOf(reject('no reason')).not.toExtend<Decision<never, never, never, OrderRejection>>();
  });

  it('have at least one event in what is accepted', () => {
    // @ts-expect-error -- accepting nothing is no decision
    accept();
  });

  it('reach into tests', () => {
    // @ts-expect-error -- no such event
    given(OrderWorkflow, { type: 'lost' });
    // @ts-expect-error -- no such input
    given(OrderWorkflow).when({ type: 'lose' });
    // @ts-expect-error -- no such reason
    given(OrderWorkflow).when({ type: 'charged' }).thenRejected('no reason');
  });
});

import { AssertionError } from 'node:assert';
import { ConfigurationError } from '@nestjs-workers/core';
import { describe, expect, it } from 'vitest';
import { OrderWorkflow } from '../fixtures/order.js';
import { given } from './given.js';

const at = new Date('2026-03-01T12:00:00Z');
const placed = { type: 'placed', amount: 30, at } as const;

describe('given ... when ... then', () => {
  it('compares events, effects, timers and the state of what was accepted', () => {
    given(OrderWorkflow)
      .at(at)
      .when({ type: 'place', customer: 'ada', amount: 30 })
      .thenEvents(placed)
      .thenEffects({ type: 'charge', amount: 30 })
      .thenTimer('payment', '900s', { type: 'expire' })
      .thenState({ status: 'placed', amount: 30, failures: 0 });
  });

  it('goes on from what was decided', () => {
    given(OrderWorkflow, placed)
      .when({ type: 'declined' })
      .thenEvents({ type: 'declined' })
      .when({ type: 'charged' })
      .thenCancelled('payment')
      .thenNoTimers()
      .when({ type: 'shipped' })
      .thenNoEffects()
      .thenCompleted();
  });

  it('compares the reason of what was rejected, and leaves the state', () => {
    const then = given(OrderWorkflow, placed).when({ type: 'place', customer: 'ada', amount: 1 });
    expect(then.thenRejected('placed already').state).toEqual({ status: 'placed', amount: 30, failures: 0 });
  });

  it.each([
    ['events', () => given(OrderWorkflow, placed).when({ type: 'charged' }).thenEvents({ type: 'sent' })],
    ['effects', () => given(OrderWorkflow, placed).when({ type: 'charged' }).thenNoEffects()],
    [
      'timers',
      () => given(OrderWorkflow, placed).when({ type: 'charged' }).thenTimer('payment', '1m', { type: 'expire' }),
    ],
    ['a cancelled timer', () => given(OrderWorkflow, placed).when({ type: 'declined' }).thenCancelled('payment')],
    ['the end', () => given(OrderWorkflow, placed).when({ type: 'declined' }).thenCompleted()],
    [
      'what comes after the end',
      () => given(OrderWorkflow, placed).when({ type: 'expire' }).when({ type: 'charged' }).thenRejected('not placed'),
    ],
    ['a rejection', () => given(OrderWorkflow, placed).when({ type: 'declined' }).thenRejected('not placed')],
    ['an acceptance', () => given(OrderWorkflow).when({ type: 'charged' }).thenEvents()],
    ['the state', () => given(OrderWorkflow).when({ type: 'charged' }).thenState({ status: 'shipped' })],
  ])('fails when %s is not as expected', (_, claim) => {
    expect(claim).toThrow(AssertionError);
  });

  it('refuses a class that is no workflow', () => {
    class Plain extends OrderWorkflow {}
    expect(() => given(Plain)).toThrow(ConfigurationError);
  });
});

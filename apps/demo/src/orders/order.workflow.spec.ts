import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { given, type Then } from '@nestjs-workers/workflows/testing';
import { CARDS, type OrderEvent, type OrderInput } from './order.js';
import { askedBy } from './order.story.js';
import { OrderWorkflow } from './order.workflow.js';

const bill = { prints: 12, card: 'declined-twice', payWithinMs: 60_000 } as const;
const place: OrderInput = { type: 'place', ...bill };
const placed: OrderEvent = { type: 'placed', ...bill, cents: 420 };
const declined = { type: 'declined', reason: 'no money' } as const;
const charged: OrderInput = { type: 'charged', receipt: 'r' };
const paid: OrderEvent = { type: 'paid', receipt: 'r' };
const charge = (attempt: number) => ({ type: 'charge', card: bill.card, cents: 420, attempt }) as const;

describe('an order', () => {
  it('is charged when it is placed, and has its time to be paid', () => {
    given(OrderWorkflow)
      .when(place)
      .thenEvents(placed)
      .thenEffects(charge(1))
      .thenTimer('payment', '60s', { type: 'expire' })
      .thenState({ ...bill, cents: 420, status: 'charging', declines: 0 });
  });

  it('is shipped when its card is good in the end, each time asked after twice as long', () => {
    given(OrderWorkflow, placed)
      .when(declined)
      .thenTimer('retry', '400ms', { type: 'retry' })
      .thenNoEffects()
      .when({ type: 'retry' })
      .thenEffects(charge(2))
      .when(declined)
      .thenTimer('retry', '800ms', { type: 'retry' })
      .when({ type: 'retry' })
      .thenEffects(charge(3))
      .when(charged)
      .thenEvents(paid)
      .thenEffects({ type: 'ship', prints: 12 })
      .thenCancelled('payment')
      .when({ type: 'shipped', parcel: 'p' })
      .thenCompleted()
      .thenState({ ...bill, cents: 420, status: 'shipped', declines: 2 });
  });

  it('is cancelled when its time is over, and between two charges at once', () => {
    given(OrderWorkflow, placed, declined)
      .when({ type: 'expire' })
      .thenEvents({ type: 'expired' })
      .thenNoEffects()
      .thenCompleted()
      .thenState({ ...bill, cents: 420, status: 'cancelled', declines: 1 });
  });

  it('waits for the bank that is just at it when its time is over, and gives back what came too late', () => {
    const expiring = given(OrderWorkflow, placed).when({ type: 'expire' });
    expect(expiring.thenNoEffects().decision).toMatchObject({ completes: false });
    expiring.when(declined).thenNoEffects().thenNoTimers().thenCompleted();
    expiring
      .when(charged)
      .thenEffects({ type: 'refund', cents: 420 })
      .when({ type: 'refunded' })
      .thenCompleted()
      .thenState({ ...bill, cents: 420, status: 'cancelled', declines: 0 });
  });

  it('is placed once, and decides nothing out of turn', () => {
    given(OrderWorkflow).when(charged).thenRejected('out of turn');
    given(OrderWorkflow, placed).when(place).thenRejected('placed already');
    given(OrderWorkflow, placed, paid).when(place).thenRejected('placed already');
    given(OrderWorkflow, placed).when({ type: 'retry' }).thenRejected('out of turn');
    given(OrderWorkflow, placed, paid).when({ type: 'expire' }).thenRejected('out of turn');
  });
});

const input: fc.Arbitrary<OrderInput> = fc.oneof(
  fc.constantFrom<OrderInput>(charged, declined, { type: 'retry' }, { type: 'expire' }, { type: 'refunded' }),
  fc.constant<OrderInput>({ type: 'shipped', parcel: 'p' }),
);

describe('any order', () => {
  it('is told with just what it asked for, and never paid without being shipped or given back', () => {
    fc.assert(
      fc.property(fc.constantFrom(...CARDS), fc.array(input, { maxLength: 20 }), (card, inputs) => {
        const story: OrderEvent[] = [];
        let then: Then<typeof OrderWorkflow> = given(OrderWorkflow).when({ ...bill, type: 'place', card });
        const effects: string[] = [];
        for (const next of [undefined, ...inputs]) {
          if (next !== undefined) then = then.when(next);
          const { decision } = then;
          if (decision.type === 'reject') continue;
          const [event] = decision.events as [OrderEvent];
          const asked = askedBy(event, story);
          expect(decision.effects.map(({ payload }) => payload.type)).toEqual(asked.effect ? [asked.effect] : []);
          expect(decision.timers.map(({ key }) => key)).toEqual(asked.timer ? [asked.timer] : []);
          story.push(event);
          effects.push(...decision.effects.map(({ payload }) => payload.type));
          if (decision.completes) break;
        }
        const paidTimes = story.filter(({ type }) => type === 'paid').length;
        expect(paidTimes).toBeLessThanOrEqual(1);
        expect(effects.filter((effect) => effect !== 'charge')).toHaveLength(paidTimes);
      }),
    );
  });
});

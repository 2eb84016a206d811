import type { RecordedEvent } from '@nestjs-workers/workflows';
import type { OrderEvent } from './order.js';

/** Who brought an event about: the customer, the answer to an effect, or a timer. */
export type Cause = 'customer' | 'effect' | 'timer';

/** What an event asked for, in the words of the workflow. */
export interface Asked {
  readonly effect?: 'charge' | 'refund' | 'ship';
  readonly timer?: 'payment' | 'retry';
}

/** One line of an order's history, as people read it. */
export interface StoryLine extends Asked {
  readonly sequence: number;
  readonly at: string;
  readonly by: Cause;
  readonly event: OrderEvent['type'];
  readonly text: string;
}

const CAUSES: Readonly<Record<string, Cause>> = { place: 'customer', retry: 'timer', expire: 'timer' };

/** An order's history in words, and what each event asked for. */
export function storyOf(history: readonly RecordedEvent<OrderEvent>[]): readonly StoryLine[] {
  return history.map(({ sequence, at, input, event }, nth) => ({
    sequence,
    at: at.toISOString(),
    by: CAUSES[input ?? ''] ?? 'effect',
    event: event.type,
    text: textOf(event),
    ...askedBy(
      event,
      history.slice(0, nth).map((before) => before.event),
    ),
  }));
}

/** What the workflow asked for together with `event`, which came after those before; `order.workflow.spec.ts` holds the two together. */
export function askedBy(event: OrderEvent, before: readonly OrderEvent[]): Asked {
  const isTooLate = before.some(({ type }) => type === 'expired');
  switch (event.type) {
    case 'placed':
      return { effect: 'charge', timer: 'payment' };
    case 'asked-again':
      return { effect: 'charge' };
    case 'declined':
      return isTooLate ? {} : { timer: 'retry' };
    case 'paid':
      return { effect: isTooLate ? 'refund' : 'ship' };
    default:
      return {};
  }
}

function textOf(event: OrderEvent): string {
  switch (event.type) {
    case 'placed':
      return `${event.prints} prints for ${euros(event.cents)}, to be paid within ${event.payWithinMs / 1_000} s`;
    case 'declined':
      return event.reason;
    case 'asked-again':
      return 'the same card';
    case 'paid':
      return `receipt ${event.receipt}`;
    case 'expired':
      return 'not paid in time';
    case 'refunded':
      return 'the money came too late, and was given back';
    default:
      return `parcel ${event.parcel}`;
  }
}

function euros(cents: number): string {
  return `€${(cents / 100).toFixed(2)}`;
}

import { accept, type Decision, reject, Workflow, type WorkflowDefinition } from '@nestjs-workers/workflows';
import type { Bill, Order, OrderEffect, OrderEvent, OrderInput, OrderRejection } from './order.js';

const CENTS_A_PRINT = 35;
/** A declined card is asked again after this time, then after twice as long, and so on until the time for paying is over. */
const RETRY_AFTER_MS = 400;

type Decided = Decision<OrderEvent, OrderEffect, OrderInput, OrderRejection>;

/**
 * Place, charge the card, ship. A card that is declined is asked again; an order that is not paid in time is cancelled.
 *
 * When the time is over the bank may just be at it. Such an order is cancelled with the bank's answer, and money that came too late is given
 * back: a completed workflow decides nothing any more, so it is not completed before all its effects have answered.
 */
@Workflow('order')
export class OrderWorkflow implements WorkflowDefinition<Order, OrderInput, OrderEvent, OrderEffect, OrderRejection> {
  initial(): Order {
    return { status: 'new' };
  }

  evolve(state: Order, event: OrderEvent): Order {
    if (event.type === 'placed') {
      const { type: _, ...bill } = event;
      return { status: 'charging', declines: 0, ...bill };
    }
    if (state.status === 'new') return state;
    const isCancelling = state.status === 'cancelling';
    switch (event.type) {
      case 'declined':
        return { ...state, status: isCancelling ? 'cancelled' : 'declined', declines: state.declines + 1 };
      case 'asked-again':
        return { ...state, status: 'charging' };
      case 'paid':
        return { ...state, status: isCancelling ? 'refunding' : 'paid' };
      case 'expired':
        return { ...state, status: state.status === 'charging' ? 'cancelling' : 'cancelled' };
      case 'refunded':
        return { ...state, status: 'cancelled' };
      default:
        return { ...state, status: event.type };
    }
  }

  decide(state: Order, input: OrderInput): Decided {
    switch (state.status) {
      case 'new':
        return input.type === 'place' ? this.place(input) : reject('out of turn');
      case 'charging':
        return this.answered(state, input);
      case 'declined':
        if (input.type === 'retry') return accept({ type: 'asked-again' }).effect(charge(state, state.declines + 1));
        if (input.type === 'expire') return accept({ type: 'expired' }).complete();
        break;
      case 'cancelling':
        if (input.type === 'declined') return accept(input).complete();
        if (input.type === 'charged') return accept(paid(input)).effect({ type: 'refund', cents: state.cents });
        break;
      case 'refunding':
        if (input.type === 'refunded') return accept(input).complete();
        break;
      case 'paid':
        if (input.type === 'shipped') return accept(input).complete();
        break;
      default:
    }
    return reject(input.type === 'place' ? 'placed already' : 'out of turn');
  }

  private place({ type: _, ...ordered }: OrderInput & { type: 'place' }): Decided {
    const bill = { ...ordered, cents: ordered.prints * CENTS_A_PRINT };
    return accept({ type: 'placed', ...bill })
      .effect(charge(bill, 1))
      .timer('payment', bill.payWithinMs, { type: 'expire' });
  }

  private answered(state: Bill & { readonly declines: number }, input: OrderInput): Decided {
    switch (input.type) {
      case 'charged':
        return accept(paid(input)).effect({ type: 'ship', prints: state.prints }).cancelTimer('payment');
      case 'declined':
        return accept(input).timer('retry', RETRY_AFTER_MS * 2 ** state.declines, { type: 'retry' });
      case 'expire':
        return accept({ type: 'expired' });
      default:
        return reject(input.type === 'place' ? 'placed already' : 'out of turn');
    }
  }
}

function charge({ card, cents }: Bill, attempt: number): OrderEffect {
  return { type: 'charge', card, cents, attempt };
}

function paid({ receipt }: OrderInput & { type: 'charged' }): OrderEvent {
  return { type: 'paid', receipt };
}

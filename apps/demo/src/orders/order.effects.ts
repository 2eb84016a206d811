import type { WorkerContext } from '@nestjs-workers/core';
import { Effects, type EffectsHandler, workflowInstance } from '@nestjs-workers/workflows';
import { Bank } from './bank.js';
import type { OrderEffect, OrderInput } from './order.js';
import { OrderWorkflow } from './order.workflow.js';
import { Parcels } from './parcels.js';

/**
 * Carries out what orders ask for. What it returns is the order's next input.
 *
 * That a card is declined is an answer like another, and the order decides what to do about it. An error would be one of the bank's line: then
 * the same effect is tried again, with the same key, and the order learns nothing of it.
 */
@Effects(OrderWorkflow, { concurrency: 4 })
export class OrderEffects implements EffectsHandler<typeof OrderWorkflow> {
  constructor(
    private readonly bank: Bank,
    private readonly parcels: Parcels,
  ) {}

  async handle(effect: OrderEffect, context: WorkerContext): Promise<OrderInput> {
    switch (effect.type) {
      case 'charge': {
        const answer = await this.bank.charge(effect, context.idempotencyKey(), context.signal);
        if (answer.isDeclined) return { type: 'declined', reason: answer.reason };
        return { type: 'charged', receipt: answer.receipt };
      }
      case 'refund':
        await this.bank.refund(effect.cents, context.idempotencyKey(), context.signal);
        return { type: 'refunded' };
      default: {
        const { id } = workflowInstance(context) as { readonly id: string };
        return { type: 'shipped', parcel: await this.parcels.ship(id, effect.prints) };
      }
    }
  }
}

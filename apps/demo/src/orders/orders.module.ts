import { Module } from '@nestjs/common';
import { Bank } from './bank.js';
import { OrderEffects } from './order.effects.js';
import { Orders } from './orders.js';
import { OrdersController } from './orders.controller.js';
import { Parcels } from './parcels.js';
import { SampleOrders } from './sample.orders.js';

@Module({
  controllers: [OrdersController],
  providers: [Bank, OrderEffects, Orders, Parcels, SampleOrders],
  exports: [Orders, SampleOrders],
})
export class OrdersModule {}

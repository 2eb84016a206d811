import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WorkersModule } from '@nestjs-workers/core';
import { OutboxModule } from '@nestjs-workers/outbox';
import { postgresStore } from '@nestjs-workers/outbox/postgres';
import {
  accept,
  type Decision,
  Workflow,
  type WorkflowDefinition,
  Workflows,
  WorkflowsModule,
} from '@nestjs-workers/workflows';
import { freshDatabase } from '../../durable/database.js';
import type { Accounts } from '../accounts.js';

type Account = { readonly total: number; readonly payments: number };
type Paid = { readonly type: 'paid'; readonly amount: number };
type Receipt = { readonly type: 'receipt'; readonly total: number };

@Workflow('account')
class AccountWorkflow implements WorkflowDefinition<Account, number, Paid, Receipt> {
  initial(): Account {
    return { total: 0, payments: 0 };
  }

  evolve({ total, payments }: Account, { amount }: Paid): Account {
    return { total: total + amount, payments: payments + 1 };
  }

  decide({ total }: Account, events: number): Decision<Paid, Receipt> {
    const paid: Paid = { type: 'paid', amount: 1 };
    const more = Array.from({ length: events - 1 }, () => paid);
    return accept(paid, ...more).effect({ type: 'receipt', total: total + events });
  }
}

/** As it comes. What is decided is measured, not what carries effects out: nothing is started. */
export async function open(): Promise<Accounts> {
  const store = postgresStore({ connectionString: await freshDatabase() });

  @Module({
    imports: [
      WorkersModule.forRoot({ autoStart: false }),
      OutboxModule.forRoot({ store, migrate: true }),
      WorkflowsModule.forRoot({ workflows: [AccountWorkflow] }),
    ],
  })
  class BenchModule {}

  const app = await NestFactory.createApplicationContext(BenchModule, { logger: ['error'] });
  const workflows = app.get(Workflows);
  return {
    pay: (account, events) => workflows.execute(AccountWorkflow, account, events),
    close: () => app.close(),
  };
}

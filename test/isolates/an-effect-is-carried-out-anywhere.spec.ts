import { threadId } from 'node:worker_threads';
import { provideWorkers, WorkersModule } from '@nestjs-workers/core';
import { until } from '@nestjs-workers/core/testing';
import { OutboxModule } from '@nestjs-workers/outbox';
import { memoryStore } from '@nestjs-workers/outbox/testing';
import { Workflows, WorkflowsModule } from '@nestjs-workers/workflows';
import { Test } from '@nestjs/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  Carrier,
  CarryingAway,
  CarryingHere,
  CarryingThere,
  HandsAway,
  HandsHere,
  HandsThere,
  type Seen,
} from './fixtures/carrying.js';

describe('an effect', () => {
  let workflows: Workflows;

  beforeAll(async () => {
    const moduleRef = await Test.createTestingModule({
      imports: [
        WorkersModule.forRoot({ guard: 'off', isolates: { startupTimeout: '60s' } }),
        OutboxModule.forRoot({ store: memoryStore() }),
        WorkflowsModule.forRoot({ workflows: [CarryingHere, CarryingThere, CarryingAway] }),
      ],
      providers: [Carrier, ...provideWorkers(HandsHere, HandsThere, HandsAway)],
    }).compile();
    await moduleRef.init();
    workflows = moduleRef.get(Workflows);
    return () => moduleRef.close();
  }, 90_000);

  it.each([
    ['inline', CarryingHere, true],
    ['in a thread', CarryingThere, false],
    ['in a process', CarryingAway, false],
  ] as const)(
    'is carried out %s, with providers injected, and its result comes back to its instance',
    async (_, workflow, isHere) => {
      await workflows.execute(workflow, 'one', { type: 'ask', value: new Map([[1, 2n]]) });
      await until(async () => (await workflows.state(workflow, 'one'))?.isCompleted === true, '20s');
      const state = (await workflows.state(workflow, 'one'))?.state;
      const seen = (state?.[1] as { readonly seen: Seen } | undefined)?.seen;
      expect(seen).toMatchObject({ instance: 'one', by: 'a map of 1' });
      expect(seen?.where === `${process.pid} ${threadId}`).toBe(isHere);
    },
  );
});

import { HeldClock, until } from '@nestjs-workers/core/testing';
import { memoryStore } from '@nestjs-workers/outbox/testing';
import { expect, it } from 'vitest';
import { workflowStore } from '../memory/index.js';
import { ProjectionWaitingError } from '../workflows.errors.js';
import { ProjectionRunner } from './projection.runner.js';

it('tells of a turn that has not begun for ten seconds, once, and runs it when it comes', async () => {
  const clock = new HeldClock();
  const store = workflowStore(memoryStore());
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  let asked = 0;
  let done = 0;
  const faults: unknown[] = [];
  const runner = new ProjectionRunner({
    record: { name: 'late', workflows: ['order'], batch: 1, strays: [] },
    handler: () => ({ project: () => {} }),
    // As a pool does of which others have every connection.
    store: Object.assign(Object.create(store) as typeof store, {
      project: async (...given: Parameters<typeof store.project>) => {
        asked++;
        await opened;
        const isOurs = await store.project(...given);
        done++;
        return isOurs;
      },
    }),
    blueprints: new Map(),
    clock,
    everyMs: 60_000,
    onFault: (source, error) => faults.push(source, error),
  });
  runner.start();
  await until(() => asked === 1);
  await clock.advance(9_999);
  expect(faults).toEqual([]);
  await clock.advance(20_000);
  expect(faults).toEqual(['projection "late"', new ProjectionWaitingError('late', 10_000)]);
  open();
  await until(() => done === 1);
  await clock.advance(30_000);
  expect(faults).toHaveLength(2);
  await runner.stop();
});
